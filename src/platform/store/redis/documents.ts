import type { Value } from '#schema/change.js';
import { newRevision } from '../revision.js';
import type { DocumentRange, DocumentWrite, StoredDocument } from '../store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { heldText } from './leases.js';
import { script } from './script.js';

/** Documents listed in one call of Redis. */
const page = 500;

// KEYS: documents, their ids, the lease of the fence. ARGV: what the lease must hold (or nothing), id, expected revision, new one, value.
const guard = `
if ARGV[1] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
local stored = redis.call('HGET', KEYS[1], ARGV[2])
local revision = stored and string.match(stored, '^%d+') or '0'
if revision ~= ARGV[3] then return 0 end
`;

const put = script(`${guard}
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4] .. ' ' .. ARGV[5])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1
`);

const remove = script(`${guard}
if not stored then return 0 end
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
`);

const list = script(`
local ids = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
if #ids == 0 then return {ids, ids} end
return {ids, redis.call('HMGET', KEYS[1], unpack(ids))}
`);

type Fence = DocumentWrite['fence'];

/** Owned documents. `put` and `remove` run on the connection they are given: what waits for replicas has one of its own. */
export class Documents {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async get(kind: string, id: string): Promise<StoredDocument | undefined> {
    const text = await this.#connection.send((redis) => redis.hget(this.#keys.documents(kind), id));
    return text === null ? undefined : document(kind, id, text);
  }

  async list(kind: string, range: DocumentRange = {}): Promise<readonly StoredDocument[]> {
    const listed: StoredDocument[] = [];
    const { limit } = range;
    const end = endOf(range);
    let begin = beginOf(range);
    for (;;) {
      const size = Math.min(page, (limit ?? Infinity) - listed.length);
      if (size <= 0) return listed;
      const keys = [this.#keys.documents(kind), this.#keys.documentIds(kind)];
      const [ids, texts] = await this.#connection.run<[string[], string[]]>(list, keys, [begin, end, size]);
      for (const [index, id] of ids.entries()) listed.push(document(kind, id, texts[index]!));
      if (ids.length < size) return listed;
      begin = `(${ids.at(-1)!}`;
    }
  }

  async ids(kind: string, range: DocumentRange = {}): Promise<readonly string[]> {
    const [begin, end] = [beginOf(range), endOf(range)];
    const key = this.#keys.documentIds(kind);
    return this.#connection.send((redis) => redis.zrangebylex(key, begin, end, 'LIMIT', 0, range.limit ?? -1));
  }

  async count(kind: string, prefix: string): Promise<number> {
    const key = this.#keys.documentIds(kind);
    return this.#connection.send((redis) => redis.zlexcount(key, beginOf({ prefix }), endOf({ prefix })));
  }

  async put(
    connection: Connection,
    { kind, id, text, expected, fence }: { kind: string; id: string; text: string; expected: number; fence: Fence },
  ): Promise<number | undefined> {
    const revision = newRevision();
    const args = [fence ? heldText(fence) : '', id, expected, revision, text];
    return (await connection.run<number>(put, this.#written(kind, fence), args)) === 1 ? revision : undefined;
  }

  async remove(
    connection: Connection,
    { kind, id, expected, fence }: { kind: string; id: string; expected: number; fence: Fence },
  ): Promise<boolean> {
    const args = [fence ? heldText(fence) : '', id, expected];
    return (await connection.run<number>(remove, this.#written(kind, fence), args)) === 1;
  }

  #written(kind: string, fence: Fence): readonly string[] {
    return [this.#keys.documents(kind), this.#keys.documentIds(kind), this.#keys.lease(fence?.name ?? '')];
  }
}

function beginOf({ prefix = '', after = '' }: DocumentRange): string {
  const beyond = after !== '' && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0;
  if (beyond) return `(${after}`;
  return prefix === '' ? '-' : `[${prefix}`;
}

// No id holds the byte 0xff, which is in no UTF-8 text.
function endOf({ prefix = '' }: DocumentRange): string | Buffer {
  return prefix === '' ? '+' : Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
}

function document(kind: string, id: string, text: string): StoredDocument {
  const space = text.indexOf(' ');
  return { kind, id, revision: Number(text.slice(0, space)), value: JSON.parse(text.slice(space + 1)) as Value };
}
