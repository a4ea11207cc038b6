import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { refused } from './refusal.js';

/** Layout of the keys; raised by a release that changes it. */
const schema = 1;

/** Throws Fault UNAVAILABLE when the server would lose what it is given, or holds what this release cannot read. */
export async function checkServer(connection: Connection, keys: Keys, name: string): Promise<void> {
  await checkEviction(connection, name);
  await connection.send((redis) => redis.set(keys.schema(), schema, 'NX'));
  const found = Number(await connection.send((redis) => redis.get(keys.schema())));
  if (!Number.isInteger(found) || found < 1)
    throw refused(name, `holds '${keys.schema()}' of another program. Choose another store.redis.keyPrefix.`);
  if (found > schema) {
    const versions = `schema ${found}, this release knows ${schema}`;
    throw refused(name, `was written by a newer netweave (${versions}). Start that release, or use another keyPrefix.`);
  }
}

// INFO and not CONFIG GET, which is often forbidden.
async function checkEviction(connection: Connection, name: string): Promise<void> {
  const info = await connection.send((redis) => redis.info('memory'));
  const value = (field: string) => new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1];
  const policy = value('maxmemory_policy') ?? '';
  if (Number(value('maxmemory') ?? 0) === 0 || !policy.startsWith('allkeys-')) return;
  const fix = 'Set maxmemory-policy to noeviction, or to volatile-lru where a cache shares the server';
  throw refused(name, `may throw state away when its memory is full (maxmemory-policy ${policy}). ${fix}.`);
}
