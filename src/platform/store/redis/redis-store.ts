import { parsePosition, type Position } from '#schema/position.js';
import type { RedisSettings } from '../../config/redis.js';
import type { Append, Appended, Store } from '../store.js';
import { append, encode } from './appends.js';
import { Audit } from './audit.js';
import { connectionOptions, nameOf } from './connection-options.js';
import { confirm } from './confirm.js';
import { Connection } from './connection.js';
import { Documents } from './documents.js';
import { Fitness } from './fitness.js';
import { Keys } from './keys.js';
import { Leases } from './leases.js';
import { Log } from './log.js';
import { Objects } from './objects.js';
import { OwnedWrites } from './owned-writes.js';
import { untilThere, type Patience } from './patience.js';
import { Replicas } from './replicas.js';
import { scan } from './scan.js';
import { checkServer } from './server-check.js';
import { TokenBuckets } from './token-buckets.js';
import { WakeUps } from './wake-ups.js';

/** Of who waits at a terminal. */
const brief: Patience = { within: 5000 };
/** Marks are read in pages of about so many. */
const page = 1000;

interface Parts {
  readonly name: string;
  readonly keys: Keys;
  readonly settings: RedisSettings;
  readonly main: Connection;
  readonly waiting: Connection;
  readonly wakeUps: WakeUps;
}

/** Where writes go: to `main` once it was found fit, or, for what only the store knows, through `owned`. */
interface Writes extends Pick<Parts, 'main' | 'keys'> {
  readonly owned: OwnedWrites;
  readonly fitness: Fitness;
}

/**
 * Opens a store that many gateways share. Throws Fault UNAVAILABLE, naming server and fix: not reached in time, refused,
 * evicting, newer. While Redis is away every call throws UNAVAILABLE within seconds; nothing needs to be opened again when it is back.
 */
export async function openRedisStore(settings: RedisSettings, patience = brief): Promise<Store> {
  const [name, keys, options] = [nameOf(settings), new Keys(settings.keyPrefix), connectionOptions(settings)];
  const [main, waiting, listening] = [0, 1, 2].map(() => new Connection(name, options)) as [
    Connection,
    Connection,
    Connection,
  ];
  const wakeUps = new WakeUps(listening, keys.appended());
  try {
    const check = async () => {
      await checkServer(main, keys, name);
      await wakeUps.listening();
    };
    await untilThere([main, waiting, listening], check, patience);
    return assemble({ name, keys, settings, main, waiting, wakeUps });
  } catch (error) {
    await Promise.all([main.close(), waiting.close(), wakeUps.close()]);
    throw error;
  }
}

function assemble(parts: Parts): Store {
  const { name, keys, settings, main, waiting, wakeUps } = parts;
  const replicas = new Replicas(waiting, settings.replicas);
  const [fitness, ownedFitness] = [new Fitness(main, keys, name), new Fitness(waiting, keys, name)];
  const owned = new OwnedWrites(waiting, replicas, ownedFitness, name);
  const writes = { main, keys, owned, fitness };
  const log = new Log(main, keys);
  const objects = new Objects(main, keys);
  const leases = new Leases(main, keys);
  const buckets = new TokenBuckets(main, keys);
  return {
    head: () => log.head(),
    append: (batch) => appendBatch(writes, batch),
    read: (from, limit) => log.read(from, limit),
    // A write of its own: all that stood on this server before it has gone to the replicas first.
    confirm: (position) =>
      owned.write(
        (connection) => confirm(connection, keys, position),
        (stands) => stands,
      ),
    snapshot: async () => {
      const { generation } = main;
      const head = await log.head();
      return { head, marks: await marksOf(main, keys, generation), objects: objects.all(generation) };
    },
    objects: (asked) => objects.find(asked),
    objectsOf: (instance) => objects.ofInstance(instance),
    cursorOf: async (instance) => {
      const text = await main.send((redis) => redis.hget(keys.cursors(), instance));
      return text === null ? undefined : (JSON.parse(text) as Readonly<Record<string, string>>);
    },
    trim: async (budget) => {
      await fitness.demand();
      return log.trim(budget);
    },
    ...documentsOf(writes),
    lease: (lease, holder, ttl) => leases.take(lease, holder, ttl),
    release: (lease) => leases.release(lease),
    takeTokens: (bucket, want, rate, burst) => buckets.take(bucket, want, rate, burst),
    onAppend: (wake) => wakeUps.onAppend(wake),
    ...auditOf(writes),
    unfit: () => fitness.fault ?? ownedFitness.fault,
    servers: () => [...replicas.servers, ...main.servers],
    close: async () => {
      for (const each of [replicas, fitness, ownedFitness]) each.stop();
      await owned.drain();
      await Promise.all([main.close(), waiting.close(), wakeUps.close()]);
    },
  };
}

async function appendBatch({ main, keys, owned, fitness }: Writes, batch: Append): Promise<Appended> {
  const encoded = encode(batch, keys);
  if (!batch.owned) {
    await fitness.demand();
    return append(main, keys, encoded);
  }
  return owned.write(
    (connection) => append(connection, keys, encoded),
    ({ outcome }) => outcome === 'appended',
  );
}

type DocumentCalls = Pick<Store, 'get' | 'put' | 'remove' | 'list' | 'ids' | 'count'>;

function documentsOf({ main, keys, owned, fitness }: Writes): DocumentCalls {
  const documents = new Documents(main, keys);
  return {
    get: (kind, id) => documents.get(kind, id),
    put: async (kind, id, value, expected, { fence, loose, wake } = {}) => {
      const document = { kind, id, text: JSON.stringify(value), expected, fence };
      const write = (connection: Connection) => documents.put(connection, document);
      if (loose) await fitness.demand();
      const put = await (loose ? write(main) : owned.write(write, (revision) => revision !== undefined));
      if (wake) await main.send((redis) => redis.publish(keys.appended(), ''));
      return put;
    },
    remove: async (kind, id, expected, { fence, loose } = {}) => {
      const document = { kind, id, expected, fence };
      if (loose) {
        await fitness.demand();
        return documents.remove(main, document);
      }
      return owned.write(
        (connection) => documents.remove(connection, document),
        (removed) => removed,
      );
    },
    list: (kind, range) => documents.list(kind, range),
    ids: (kind, range) => documents.ids(kind, range),
    count: (kind, prefix) => documents.count(kind, prefix),
  };
}

function auditOf({
  main,
  keys,
  owned,
}: Omit<Writes, 'fitness'>): Pick<Store, 'appendAudit' | 'readAudit' | 'trimAudit'> {
  const audit = new Audit(main, keys);
  return {
    appendAudit: (entry) =>
      owned.write(
        (connection) => audit.append(connection, entry),
        () => true,
      ),
    readAudit: (before, limit) => audit.read(before, limit),
    trimAudit: (budget) => audit.trim(budget),
  };
}

/** Last position that touched each list, by its name. Some may be later than a head that was read before. */
async function marksOf(main: Connection, keys: Keys, generation: number): Promise<ReadonlyMap<string, Position>> {
  const marks = new Map<string, Position>();
  const pages = scan(main, generation, (redis, cursor) => redis.hscan(keys.marks(), cursor, 'COUNT', page));
  for await (const found of pages) {
    for (let at = 0; at < found.length; at += 2) marks.set(found[at]!, parsePosition(found[at + 1]!)!);
  }
  return marks;
}
