import type { StoredObject } from '#schema/change.js';
import { parsePosition } from '#schema/position.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { scan } from './scan.js';

/** About as many objects are read at once. */
const chunk = 500;

type State = Omit<StoredObject, 'position'>;

/** What is stored of an object behind its position; `object` and `id` are its key. */
export function stateText({ tenant, instance, identity, value, nativeVersion, projection }: State): string {
  return JSON.stringify({ tenant, instance, identity, value, nativeVersion, projection });
}

/** The newest state of every object. */
export class Objects {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async find(keys: readonly { readonly object: string; readonly id: string }[]): Promise<(StoredObject | undefined)[]> {
    const found = new Map<string, StoredObject>();
    for (const [object, ids] of Map.groupBy(keys, (key) => key.object)) {
      const fields = [...new Set(ids.map(({ id }) => id))];
      for (let from = 0; from < fields.length; from += chunk) {
        const asked = fields.slice(from, from + chunk);
        const texts = await this.#connection.send((redis) => redis.hmget(this.#keys.objects(object), ...asked));
        for (const [index, id] of asked.entries()) {
          const text = texts[index];
          if (text != null) found.set(`${object}/${id}`, stored(object, id, text));
        }
      }
    }
    return keys.map(({ object, id }) => found.get(`${object}/${id}`));
  }

  async *all(generation = this.#connection.generation): AsyncGenerator<readonly StoredObject[]> {
    const objects = await this.#connection.send((redis) => redis.smembers(this.#keys.types()));
    for (const object of objects) {
      const key = this.#keys.objects(object);
      for await (const elements of scan(this.#connection, generation, (redis, cursor) =>
        redis.hscan(key, cursor, 'COUNT', chunk),
      )) {
        const found: StoredObject[] = [];
        for (let at = 0; at < elements.length; at += 2) found.push(stored(object, elements[at]!, elements[at + 1]!));
        yield found;
      }
    }
  }

  async *ofInstance(instance: string): AsyncGenerator<readonly StoredObject[]> {
    // A scan may name one twice; what has left the instance is named by it still.
    const seen = new Set<string>();
    const key = this.#keys.of(instance);
    const { generation } = this.#connection;
    for await (const names of scan(this.#connection, generation, (redis, cursor) =>
      redis.sscan(key, cursor, 'COUNT', chunk),
    )) {
      const fresh = [...new Set(names)].filter((name) => !seen.has(name));
      for (const name of fresh) seen.add(name);
      const found = await this.find(fresh.map(keyOf));
      const present = found.filter((one) => one?.instance === instance) as StoredObject[];
      if (present.length > 0) yield present;
    }
  }
}

function keyOf(name: string): { readonly object: string; readonly id: string } {
  const slash = name.indexOf('/');
  return { object: name.slice(0, slash), id: name.slice(slash + 1) };
}

function stored(object: string, id: string, text: string): StoredObject {
  const space = text.indexOf(' ');
  const position = parsePosition(text.slice(0, space))!;
  return { object, id, ...(JSON.parse(text.slice(space + 1)) as Omit<State, 'object' | 'id'>), position };
}
