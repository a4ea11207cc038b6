import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

// A bucket is one number, the time at which it is full again; a full one is the same as none, so the key may expire.
// The sliver makes up for rounding: 4 tokens must not read as 3.9999.
const take = script(`
local want, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local left = math.floor(burst - (full - now) * rate / 1000 + 1e-6)
local got = math.max(0, math.min(want, left))
if got > 0 then
  full = full + got / rate * 1000
  redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', string.format('%.0f', math.ceil(full - now)))
end
return got
`);

/** Token buckets that all replicas share, by the clock of Redis. */
export class TokenBuckets {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  take(bucket: string, want: number, rate: number, burst: number): Promise<number> {
    return this.#connection.run(take, [this.#keys.tokens(bucket)], [want, rate, burst]);
  }
}
