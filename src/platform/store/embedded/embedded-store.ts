import type { DocumentWrite, Store } from '../store.js';
import { Appends, encode } from './appends.js';
import { Audit } from './audit.js';
import { Cursors } from './cursors.js';
import { openFile, openMemory, type Database, type Lost } from './database.js';
import { Documents } from './documents.js';
import { GroupCommit } from './group-commit.js';
import { Leases } from './leases.js';
import { Log } from './log.js';
import { Marks } from './marks.js';
import { Objects } from './objects.js';
import { TokenBuckets } from '../../token-buckets.js';

/**
 * Opens the store of a single process: a SQLite file (created when absent, locked until closed), or memory alone. What it
 * answers is on disk (fsync). Throws Fault UNAVAILABLE, naming file and fix: in use, foreign, newer, damaged, not writable.
 */
export async function openEmbeddedStore(
  options: { readonly file: string } | { readonly memory: true },
  lost?: Lost,
): Promise<Store> {
  return assemble('file' in options ? openFile(options.file, lost) : openMemory());
}

/** A file is judged when it is opened, and has no server. */
const withoutServer: Pick<Store, 'unfit' | 'servers'> = { unfit: () => undefined, servers: () => [] };

function assemble(database: Database): Store {
  const wakes = new Set<() => void>();
  let appended = false;
  const group = new GroupCommit(database, () => {
    if (appended) for (const wake of wakes) wake();
    appended = false;
  });
  const wakeUp = () => void (appended = true);
  const log = new Log(database);
  const objects = new Objects(database);
  const marks = new Marks(database);
  const cursors = new Cursors(database);
  const leases = new Leases(database);
  const buckets = new TokenBuckets();
  const appends = new Appends({ log, objects, marks, cursors, leases });
  const read = <T>(work: () => T): Promise<T> => database.read(work);

  return {
    head: () => read(() => log.head()),
    append: async (append) => {
      const encoded = encode(append);
      return group.write(() => {
        const result = appends.write(encoded);
        appended ||= result.outcome === 'appended' && result.positions.length > 0;
        return result;
      });
    },
    read: (from, limit) => read(() => log.read(from, limit)),
    // What can be read is on the disk.
    confirm: (position) => read(() => log.holds(position)),
    snapshot: () => read(() => ({ head: log.head(), marks: marks.all(), objects: objects.all() })),
    objects: (keys) => read(() => keys.map(({ object, id }) => objects.find(object, id))),
    objectsOf: (instance) => objects.ofInstance(instance),
    cursorOf: (instance) => read(() => cursors.get(instance)),
    trim: (budget) => log.trim(budget),
    ...documentsOf(database, group, { leases, wakeUp }),

    lease: async (name, holder, ttl) => leases.take(name, holder, ttl),
    release: async (lease) => leases.release(lease),
    takeTokens: async (bucket, want, rate, burst) => buckets.take(bucket, want, rate, burst),

    onAppend: (wake) => {
      const listener = () => wake();
      wakes.add(listener);
      return () => void wakes.delete(listener);
    },
    ...auditOf(database, group),
    ...withoutServer,
    close: async () => {
      await group.flush();
      database.close();
    },
  };
}

type DocumentCalls = Pick<Store, 'get' | 'put' | 'remove' | 'list' | 'ids' | 'count'>;

function documentsOf(
  database: Database,
  group: GroupCommit,
  { leases, wakeUp }: { readonly leases: Leases; wakeUp(): void },
): DocumentCalls {
  const documents = new Documents(database);
  const fencedOff = (how: DocumentWrite | undefined) => how?.fence !== undefined && !leases.holds(how.fence);
  return {
    get: (kind, id) => database.read(() => documents.get(kind, id)),
    put: async (kind, id, value, expected, how) => {
      const text = JSON.stringify(value);
      return group.write(() => {
        if (how?.wake) wakeUp();
        return fencedOff(how) ? undefined : documents.put(kind, id, text, expected);
      }, how?.loose ?? false);
    },
    remove: (kind, id, expected, how) =>
      group.write(() => !fencedOff(how) && documents.remove(kind, id, expected), how?.loose ?? false),
    list: (kind, range) => database.read(() => documents.list(kind, range)),
    ids: (kind, range) => database.read(() => documents.ids(kind, range)),
    count: (kind, prefix) => database.read(() => documents.count(kind, prefix)),
  };
}

function auditOf(database: Database, group: GroupCommit): Pick<Store, 'appendAudit' | 'readAudit' | 'trimAudit'> {
  const audit = new Audit(database);
  return {
    appendAudit: (entry) => group.write(() => audit.append(entry)),
    readAudit: (before, limit) => database.read(() => audit.read(before, limit)),
    trimAudit: (budget) => audit.trim(budget),
  };
}
