import type { Change, ChangeKind, StoredObject, Value } from '#schema/change.js';
import type { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';

/** An entry to be appended; the store gives it its position and time. */
export interface Entry {
  readonly change: ChangeKind;
  readonly object: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly instance: string;
  readonly baseline: boolean;
  /** The object's new state; absent for `deleted`. */
  readonly after?: Omit<StoredObject, 'position'>;
  readonly reversePatch?: Value;
  /** Names of the lists this entry touches; `marks` holds the last position of each. */
  readonly marks: readonly string[];
}

/** Everything in it is written, or nothing. */
export interface Append {
  readonly entries: readonly Entry[];
  /** Objects whose native version moved while their value did not: stored without an entry, at their old position. */
  readonly refreshed?: readonly StoredObject[];
  /** Compare-and-set: the stored position of each object must still be this one (undefined: absent). */
  readonly expect?: ReadonlyMap<string, Position | undefined>;
  /** The instance's own place in its watch after this batch. */
  readonly cursor?: { readonly instance: string; readonly cursor: Readonly<Record<string, string>> };
  /** Refused unless this lease is still held: (holder, epoch) compared for equality. */
  readonly fence?: Lease;
  /** Ours alone: answered only when every connected replica has it. What a backend tells is read from it again. */
  readonly owned?: true;
}

export type Appended =
  | { readonly outcome: 'appended'; readonly positions: readonly Position[]; readonly head: Position }
  | { readonly outcome: 'conflict'; readonly ids: readonly string[] }
  | { readonly outcome: 'fenced' };

export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Raised at every change of holder. */
  readonly epoch: number;
}

/** What a read of the log finds: entries after `from`, or that `from` is of another log, or trimmed away. */
export type LogRead =
  /** `more`: so many bytes that it ended before the limit; what follows is read from its last place on. */
  | { readonly outcome: 'read'; readonly changes: readonly Change[]; readonly more?: true }
  | { readonly outcome: 'rewritten' }
  /** `oldest`: the oldest entry that is kept; what follows it can be read. */
  | { readonly outcome: 'gone'; readonly oldest: Pick<Change, 'position' | 'at'> };

/**
 * An owned document: ours alone, changed by compare-and-set on its revision. That names one write and no other, for ever: not one
 * of a later document with this id, nor one that a failover took away. It says nothing of how often or in which order.
 */
export interface StoredDocument {
  readonly kind: string;
  readonly id: string;
  readonly revision: number;
  readonly value: Value;
}

/** How a document is written. */
export interface DocumentWrite {
  /** Refused unless this lease is still held. */
  readonly fence?: Lease;
  /** Answered without waiting for replicas: a lost write costs only work done twice. */
  readonly loose?: true;
  /** Wakes up those who listen to appends, too: a word between processes. */
  readonly wake?: true;
}

/** Which documents of a kind: ids that begin with `prefix`, behind `after`, at most `limit`. */
export interface DocumentRange {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** A stored object whose value is JSON still, as `JSON.stringify` writes it: where a store keeps values apart, and many are read. */
export type UnparsedObject = Omit<StoredObject, 'value'> & { readonly json: string };

/** Everything a snapshot needs: `head` was noted before the first object was read. */
export interface Snapshot {
  readonly head: Position;
  readonly marks: ReadonlyMap<string, Position>;
  /** Objects in chunks, in no particular order; may already contain changes later than `head`. */
  readonly objects: AsyncIterable<readonly (StoredObject | UnparsedObject)[]>;
}

export interface AuditEntry {
  readonly at: string;
  readonly requestId: string;
  readonly principal: string;
  readonly tenant: string | null;
  readonly operation: string;
  /** `intent` is written before a mutation runs, `outcome` after it; what is refused before it could run has an `outcome` alone. */
  readonly stage: 'intent' | 'outcome';
  readonly code?: string;
  readonly target?: string;
  /** Names of the attributes it was to change; never their values. */
  readonly attributes?: readonly string[];
}

/** An entry and its id, from which can be read on; opaque, of one store. */
export interface StoredAuditEntry {
  readonly id: string;
  readonly entry: AuditEntry;
}

export interface AuditBudget {
  readonly days: number;
  readonly bytes: number;
}

/** The state of the gateway. Two implementations, one contract suite (test/store-contract.ts). */
export interface Store {
  /** Place of the newest entry. */
  head(): Promise<Position>;
  append(append: Append): Promise<Appended>;
  /**
   * Entries after `from`, oldest first. `from` is checked inclusively: `rewritten` when another entry stands at its place or
   * none ever stood there, `gone` when it was trimmed. `origin` reads from the first entry if nothing was trimmed yet. Fewer
   * than `limit` are the end of the log unless there is `more`.
   */
  read(from: Position, limit: number): Promise<LogRead>;
  /**
   * Whether the entry at a place stands there for good: on every replica that counts, so that no failover takes it away. False
   * when it does not stand there (any more); throws UNAVAILABLE while replicas have not confirmed it.
   */
  confirm(position: Position): Promise<boolean>;
  snapshot(): Promise<Snapshot>;
  /** Stored state by (object, id), in the order asked; undefined where absent. */
  objects(
    keys: readonly { readonly object: string; readonly id: string }[],
  ): Promise<readonly (StoredObject | undefined)[]>;
  /** Every object of one instance, in chunks. */
  objectsOf(instance: string): AsyncIterable<readonly (StoredObject | UnparsedObject)[]>;
  cursorOf(instance: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Drops entries beyond the budget (age in hours, bytes), whichever is first; returns how many. */
  trim(budget: { readonly hours: number; readonly bytes: number }): Promise<number>;

  get(kind: string, id: string): Promise<StoredDocument | undefined>;
  /** Writes when the stored revision is `expected` (0: absent), returns the new one; undefined on a conflict, or fenced off. */
  put(kind: string, id: string, value: Value, expected: number, how?: DocumentWrite): Promise<number | undefined>;
  remove(kind: string, id: string, expected: number, how?: DocumentWrite): Promise<boolean>;
  /** In the order of their ids, by UTF-8 bytes. */
  list(kind: string, range?: DocumentRange): Promise<readonly StoredDocument[]>;
  /** As `list`, the ids alone: no document is read. */
  ids(kind: string, range?: DocumentRange): Promise<readonly string[]>;
  /** How many ids of a kind begin with `prefix`; no document is read. */
  count(kind: string, prefix: string): Promise<number>;

  /** Takes or renews a lease for `ttl` milliseconds; undefined while another holder has it. */
  lease(name: string, holder: string, ttl: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /** Takes up to `want` tokens of a bucket that refills at `rate` per second up to `burst`; returns how many it got. */
  takeTokens(bucket: string, want: number, rate: number, burst: number): Promise<number>;

  /** Calls back after every append and every write that wakes, here or elsewhere; a wake-up only, never the data. Returns how to stop. */
  onAppend(wake: () => void): () => void;
  appendAudit(entry: AuditEntry): Promise<void>;
  /** Entries before the one with the id `before`, or the newest of all; newest first. */
  readAudit(before: string | undefined, limit: number): Promise<readonly StoredAuditEntry[]>;
  /** Drops entries of the audit beyond the budget (age in days by `at`, bytes), whichever is first; returns how many. */
  trimAudit(budget: AuditBudget): Promise<number>;
  /** Why nothing is written though the store answers, with what to do: it could lose what it has, or has lost some. */
  unfit(): Fault | undefined;
  /** Servers that keep the state, by address, as far as they are known only since one was connected to; that one comes last. */
  servers(): readonly { readonly host: string; readonly port: number }[];
  close(): Promise<void>;
}
