import type { Position } from '#schema/position.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

// Looks on the server that the replicas are asked of: the one that was read from may have been deposed.
const mark = script(`
local at = redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', ARGV[1] .. '-0')[1]
if ARGV[1] ~= '0' and not (at and at[2][2] == ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
return 1
`);

/** Whether the entry stands there; if so, leaves a write behind it whose confirmation is one of the entry. */
export async function confirm(connection: Connection, keys: Keys, { seq, tag }: Position): Promise<boolean> {
  const stands = await connection.run<number>(mark, [keys.log(), keys.confirmed()], [seq, tag]);
  return stands === 1;
}
