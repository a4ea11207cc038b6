import type { Fault } from '#schema/errors.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { lostState, refused } from './refusal.js';
import { script } from './script.js';

/** Layout of the keys; raised by a release that changes it. */
const schema = 1;

/** Throws Fault UNAVAILABLE when the server would lose what it is given, has lost some, or holds what this release cannot read. */
export async function checkServer(connection: Connection, keys: Keys, name: string): Promise<void> {
  const fault = await unfit(connection, keys, name);
  if (fault) throw fault;
  await connection.send((redis) => redis.set(keys.schema(), schema, 'NX'));
  const found = Number(await connection.send((redis) => redis.get(keys.schema())));
  if (!Number.isInteger(found) || found < 1)
    throw refused(name, `holds '${keys.schema()}' of another program. Choose another store.redis.keyPrefix.`);
  if (found > schema) {
    const versions = `schema ${found}, this release knows ${schema}`;
    throw refused(name, `was written by a newer netweave (${versions}). Start that release, or use another keyPrefix.`);
  }
}

// Each append writes both, so only a head that was lost is behind.
const beyondHead = script(`
local head = tonumber(redis.call('HGET', KEYS[2], 'seq') or 0)
return #redis.call('XRANGE', KEYS[1], string.format('%.0f-0', head + 1), '+', 'COUNT', 1)
`);

/** Why no state may be given to the server: it would lose what it has, or has lost some. */
export async function unfit(connection: Connection, keys: Keys, name: string): Promise<Fault | undefined> {
  const [info, beyond] = await Promise.all([
    // Not CONFIG GET, which is often forbidden.
    connection.send((redis) => redis.info('memory')),
    connection.run<number>(beyondHead, [keys.log(), keys.head()], []),
  ]);
  return evicting(info, name) ?? (beyond === 1 ? lostState(name) : undefined);
}

function evicting(info: string, name: string): Fault | undefined {
  const value = (field: string) => new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1];
  const policy = value('maxmemory_policy') ?? '';
  if (Number(value('maxmemory') ?? 0) === 0 || !policy.startsWith('allkeys-')) return undefined;
  const fix = 'Set maxmemory-policy to noeviction, or to volatile-lru where a cache shares the server';
  return refused(name, `may throw state away when its memory is full (maxmemory-policy ${policy}). ${fix}.`);
}
