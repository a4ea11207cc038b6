import { settledNow } from '../../clock.js';
import type { AuditBudget, AuditEntry, StoredAuditEntry } from '../store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

/** Entries dropped in one call of Redis. */
const slice = 1000;

// `total`: bytes of all entries up to and including this one, as in the log.
const append = script(`
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local total = (newest and tonumber(newest[2][6]) or 0) + #ARGV[2]
return redis.call('XADD', KEYS[1], '*', 'at', ARGV[1], 'entry', ARGV[2], 'total', string.format('%.0f', total))
`);

// ARGV: horizon, bytes, most. The newest is never dropped, so that the total goes on.
const trim = script(`
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest then return 0 end
local total = tonumber(newest[2][6])
local dropped, kept = 0, newest[1]
for _, each in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[3])) do
  local values = each[2]
  local behind = total - tonumber(values[6]) + #values[4]
  if each[1] == newest[1] or (values[2] >= ARGV[1] and behind <= tonumber(ARGV[2])) then
    kept = each[1]
    break
  end
  dropped = dropped + 1
end
if dropped == tonumber(ARGV[3]) then
  redis.call('XTRIM', KEYS[1], 'MAXLEN', redis.call('XLEN', KEYS[1]) - dropped)
elseif dropped > 0 then
  redis.call('XTRIM', KEYS[1], 'MINID', kept)
end
return dropped
`);

/** Who wanted to change what: a stream in the order in which it was told. */
export class Audit {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async append(connection: Connection, entry: AuditEntry): Promise<void> {
    await connection.run<string>(append, [this.#keys.audit()], [entry.at, JSON.stringify(entry)]);
  }

  async read(before: string | undefined, limit: number): Promise<readonly StoredAuditEntry[]> {
    const from = before === undefined ? '+' : `(${before}`;
    const found = await this.#connection.send((redis) =>
      redis.xrevrange(this.#keys.audit(), from, '-', 'COUNT', limit),
    );
    return found.map(([id, fields]) => ({ id, entry: JSON.parse(fields[3]!) as AuditEntry }));
  }

  async trim({ days, bytes }: AuditBudget): Promise<number> {
    const horizon = new Date(settledNow() - days * 86_400_000).toISOString();
    for (let dropped = 0; ;) {
      const count = await this.#connection.run<number>(trim, [this.#keys.audit()], [horizon, bytes, slice]);
      dropped += count;
      if (count < slice) return dropped;
    }
  }
}
