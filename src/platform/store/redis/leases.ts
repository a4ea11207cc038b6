import type { Lease } from '../store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

const take = script(`
local held = redis.call('GET', KEYS[1])
if held then
  local epoch, holder = string.match(held, '^(%d+) (.*)$')
  if holder ~= ARGV[1] then return false end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return tonumber(epoch)
end
local epoch = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('SET', KEYS[1], epoch .. ' ' .. ARGV[1], 'PX', ARGV[3])
return epoch
`);

const release = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`);

/** What stands at the key of a lease while it is held, in every script that is fenced by one. */
export function heldText({ epoch, holder }: Lease): string {
  return `${epoch} ${holder}`;
}

/**
 * Leases by the clock of Redis. A failover may lose one and give its epoch to another holder, so that both are compared, for
 * equality.
 */
export class Leases {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async take(name: string, holder: string, ttl: number): Promise<Lease | undefined> {
    const keys = [this.#keys.lease(name), this.#keys.epochs()];
    const epoch = await this.#connection.run<number | null>(take, keys, [holder, name, Math.max(1, Math.ceil(ttl))]);
    return epoch === null ? undefined : { name, holder, epoch };
  }

  async release(lease: Lease): Promise<void> {
    await this.#connection.run(release, [this.#keys.lease(lease.name)], [heldText(lease)]);
  }
}
