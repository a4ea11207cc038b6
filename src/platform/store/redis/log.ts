import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change, StoredObject, Value } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Entry, LogRead } from '../store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { script } from './script.js';

/** Entries dropped in one call of Redis. */
const slice = 10_000;

// Both measures only grow along the log, so the first entry to keep is found by halving. The newest always stays.
const trim = script(`
local hours, bytes, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not first then return 0 end
local oldest = tonumber(string.match(first[1], '^%d+'))
local head = redis.call('HMGET', KEYS[2], 'seq', 'total')
local horizon = redis.call('TIME')[1] * 1000 + redis.call('TIME')[2] / 1000 - hours * 3600000
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

type State = Omit<StoredObject, 'position'>;
type Kept = Omit<Change, 'position' | 'at' | 'after'> & {
  readonly after?: Omit<State, 'object' | 'id' | 'tenant' | 'instance'>;
};
type StreamEntry = readonly [id: string, fields: readonly string[]];

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
    const entries = await this.#range(from.seq, limit + 1);
    if (from.seq === origin.seq) {
      if (from.tag !== origin.tag) return { outcome: 'rewritten' };
      const [first] = entries;
      if (first && seqOf(first) > 1) return { outcome: 'gone', oldest: placeOf(first) };
      return { outcome: 'read', changes: entries.slice(0, limit).map(changeOf) };
    }
    const [at, ...after] = entries;
    if (at && seqOf(at) === from.seq) {
      return tagOf(at) === from.tag ? { outcome: 'read', changes: after.map(changeOf) } : { outcome: 'rewritten' };
    }
    // Nothing stands there: asked only now, because a place that is trimmed meanwhile would count as rewritten otherwise.
    const [oldest] = await this.#range(0, 1);
    return oldest && from.seq < seqOf(oldest) ? { outcome: 'gone', oldest: placeOf(oldest) } : { outcome: 'rewritten' };
  }

  async trim({ hours, bytes }: { readonly hours: number; readonly bytes: number }): Promise<number> {
    for (let dropped = 0; ; await nextTurn()) {
      const keys = [this.#keys.log(), this.#keys.head()];
      const count = await this.#connection.run<number>(trim, keys, [hours, bytes, slice]);
      dropped += count;
      if (count < slice) return dropped;
    }
  }

  #range(from: number, count: number): Promise<readonly StreamEntry[]> {
    return this.#connection.send((redis) => redis.xrange(this.#keys.log(), `${from}-0`, '+', 'COUNT', count));
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
