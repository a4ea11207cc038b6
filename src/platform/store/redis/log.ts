import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change, StoredObject, Value } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import { settledNow } from '../../clock.js';
import { found, mostRead } from '../found.js';
import type { Entry, LogRead } from '../store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

/** Entries dropped in one call of Redis. */
const slice = 10_000;

// Both measures only grow along the log, so the first entry to keep is found by halving. The newest always stays.
const trim = script(`
local hours, bytes, most, caller = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not first then return 0 end
local oldest = tonumber(string.match(first[1], '^%d+'))
local head = redis.call('HMGET', KEYS[2], 'seq', 'total')
local time = redis.call('TIME')
-- Where one of the two clocks has leapt, nothing is too old for that.
local horizon = math.min(time[1] * 1000 + time[2] / 1000, caller) - hours * 3600000
local low, high = oldest, math.min(oldest + most, tonumber(head[1]))
while low < high do
  local middle = math.floor((low + high) / 2)
  local id = string.format('%.0f-0', middle)
  local fields = redis.call('XRANGE', KEYS[1], id, id)[1][2]
  if tonumber(fields[4]) >= horizon and head[2] - fields[6] <= bytes then high = middle else low = middle + 1 end
end
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-0', low))
return low - oldest
`);

// `before` only grows, too, so the last entry to give is found by halving; the one behind the place is given whatever it takes.
const range = script(`
local from, count, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function id(seq) return string.format('%.0f-0', seq) end
local head = redis.call('HMGET', KEYS[2], 'seq', 'total')
local newest = tonumber(head[1] or 0)
local last = math.min(from + count, newest)
local function before(seq)
  if seq > newest then return tonumber(head[2]) end
  local entry = redis.call('XRANGE', KEYS[1], id(seq), id(seq))[1]
  return entry and tonumber(entry[2][6])
end
local begin = from < last and before(from + 1)
-- Of a place that was trimmed, or is of another log, nothing is given but what shows that.
if not begin then return {newest, redis.call('XRANGE', KEYS[1], id(from), '+', 'COUNT', 1)} end
local low, high = from + 1, last
if before(last + 1) - begin <= most then low = last end
while low < high do
  local middle = math.ceil((low + high) / 2)
  if before(middle + 1) - begin <= most then low = middle else high = middle - 1 end
end
return {newest, redis.call('XRANGE', KEYS[1], id(from), id(low))}
`);

type State = Omit<StoredObject, 'position'>;
type Kept = Omit<Change, 'position' | 'at' | 'after'> & {
  readonly after?: Omit<State, 'object' | 'id' | 'tenant' | 'instance'>;
};
type StreamEntry = readonly [id: string, fields: readonly string[]];
type Ranged = readonly [newest: number, entries: readonly StreamEntry[]];

/** An entry as text; its position and time are known only to Redis. */
export function entryText({ change, object, id, tenant, instance, baseline, after, reversePatch }: Entry): string {
  const { identity, value, nativeVersion, projection } = after ?? {};
  const state = after && { after: { identity, value, nativeVersion, projection } };
  return JSON.stringify({ change, object, id, tenant, instance, baseline, ...state, reversePatch });
}

/** Entries in the order of their `seq`, which has no gaps: only the oldest are ever dropped, and never the newest. */
export class Log {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** Place of the newest entry. */
  async head(): Promise<Position> {
    const [seq, tag] = await this.#connection.send((redis) => redis.hmget(this.#keys.head(), 'seq', 'tag'));
    return seq == null || tag == null ? origin : { seq: Number(seq), tag };
  }

  async read(from: Position, limit: number): Promise<LogRead> {
    const keys = [this.#keys.log(), this.#keys.head()];
    const asked = this.#connection.run<Ranged>(range, keys, [from.seq, limit, mostRead]);
    const [newest, entries] = await asked;
    if (from.seq === origin.seq) {
      if (from.tag !== origin.tag) return { outcome: 'rewritten' };
      const [first] = entries;
      if (first && seqOf(first) > 1) return { outcome: 'gone', oldest: placeOf(first) };
      return found(entries.map(changeOf), limit, newest);
    }
    const [at, ...after] = entries;
    if (at && seqOf(at) === from.seq) {
      return tagOf(at) === from.tag ? found(after.map(changeOf), limit, newest) : { outcome: 'rewritten' };
    }
    // Nothing stands there: asked only now, because a place that is trimmed meanwhile would count as rewritten otherwise.
    const [oldest] = await this.#connection.send((redis) => redis.xrange(this.#keys.log(), '-', '+', 'COUNT', 1));
    return oldest && from.seq < seqOf(oldest) ? { outcome: 'gone', oldest: placeOf(oldest) } : { outcome: 'rewritten' };
  }

  async trim({ hours, bytes }: { readonly hours: number; readonly bytes: number }): Promise<number> {
    for (let dropped = 0; ; await nextTurn()) {
      const keys = [this.#keys.log(), this.#keys.head()];
      const count = await this.#connection.run<number>(trim, keys, [hours, bytes, slice, settledNow()]);
      dropped += count;
      if (count < slice) return dropped;
    }
  }
}

function seqOf([id]: StreamEntry): number {
  return Number(id.slice(0, id.indexOf('-')));
}

function tagOf([, fields]: StreamEntry): string {
  return fields[1]!;
}

function placeOf(entry: StreamEntry): Pick<Change, 'position' | 'at'> {
  const [, fields] = entry;
  return { position: { seq: seqOf(entry), tag: tagOf(entry) }, at: new Date(Number(fields[3])).toISOString() };
}

function changeOf(entry: StreamEntry): Change {
  const { position, at } = placeOf(entry);
  const { change, object, id, tenant, instance, baseline, after, reversePatch } = JSON.parse(entry[1][7]!) as Kept;
  return {
    position,
    change,
    object,
    id,
    tenant,
    instance,
    baseline,
    at,
    ...(after && { after: { object, id, tenant, instance, ...after, position } }),
    ...(reversePatch && { reversePatch: reversePatch as Value }),
  };
}
