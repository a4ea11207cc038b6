import type { Redis } from 'ioredis';
import type { Connection } from './connection.js';

type Page = readonly [cursor: string, elements: readonly string[]];

/**
 * The pages of a scan over the connection `generation`: a cursor means nothing to another server, where it would leave out part
 * of what there is. Throws Fault UNAVAILABLE when the connection was made anew.
 */
export async function* scan(
  connection: Connection,
  generation: number,
  page: (redis: Redis, cursor: string) => Promise<Page>,
): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const from = cursor;
    const [next, elements] = await connection.send((redis) => page(redis, from));
    connection.demand(generation);
    if (elements.length > 0) yield elements;
    cursor = next;
  } while (cursor !== '0');
}
