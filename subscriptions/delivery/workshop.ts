import type { Position } from '#schema/position.js';
import type { Lease } from '#platform/store/store.js';
import type { Progress } from './documents.js';
import type { Warn } from './fault-log.js';
import type { Limits } from './limits.js';
import type { LogReader } from '../log/reader.js';
import type { Compiled, Index } from './matching.js';
import type { RetryPolicy } from './policy.js';
import type { Pace } from './progress-writer.js';
import type { Entry } from '../log/recent.js';
import type { Relocation } from './relocation.js';
import type { DeliveryMetrics, Surroundings } from './surroundings.js';
import type { Tail } from '../log/tail.js';
import type { Turns } from '#platform/turns.js';

/** What all workers of a process share. */
export interface Workshop extends Surroundings {
  readonly metrics: DeliveryMetrics;
  readonly policy: RetryPolicy;
  readonly limits: Limits;
  readonly reader: LogReader;
  readonly tail: Tail;
  readonly pace: Pace;
  /** Of those who catch up, by their tenants. */
  readonly turns: Turns;
  readonly index: Index<Compiled>;
  /** Who is offered what the index finds. */
  readonly roster: Map<string, Offered>;
  /** Age at which an entry must be given up: the log keeps it not much longer. Milliseconds. */
  readonly horizon: number;
  /** Dead letters that are kept of one subscription. */
  readonly mostDeadLetters: number;
  random(): number;
  readonly warn: Warn;
  readonly relocation: Relocation;
}

export interface Offered {
  offer(entry: Entry, before: Position): void;
  unasked(before: Position, failure?: { readonly error: unknown }): void;
}

/** The lease under which a worker works; undefined as soon as it is no longer believed to be held. */
export type Held = () => Lease | undefined;

/** A shard, as its workers know it. */
export interface Home {
  readonly held: Held;
  /** Places that the shard has passed in the log in which its workers stand, newest first. */
  passed(): readonly Position[];
}

/** Waits for a work of one who stops; false when it takes longer than there is time. */
export type InTime = (work: Promise<unknown>) => Promise<boolean>;

/** The document of a subscription, as a worker begins with it. */
export interface Stored {
  readonly progress: Progress;
  readonly revision: number;
}
