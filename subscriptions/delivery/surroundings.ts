import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import type { Position } from '#schema/position.js';
import type { Clock } from '#platform/clock.js';
import type { Sealer } from '#platform/sealed.js';
import type { Store } from '#platform/store/store.js';
import type { Owned } from '../owned.js';
import type { Subscriber } from './deliveries.js';
import type { Matching } from './matching.js';

/** The subscriptions as the view holds them. */
export interface Subscribers {
  get(id: string): Subscriber | undefined;
  all(): Iterable<Subscriber>;
  /** The place of the log at which they are as they stand. */
  position(): Position;
  /** Resolves when they are as they stand at that place of the log, or later. Rejects when the log has lost it. */
  reached(position: Position): Promise<void>;
}

export interface Posting {
  readonly url: string;
  readonly tenant: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials: CallbackCredentials | undefined;
  readonly signal: AbortSignal;
}

/** What came of one request. */
export type Posted =
  | {
      readonly status: number;
      /** What `Retry-After` asks for, in milliseconds. */
      readonly retryAfter?: number;
    }
  | { readonly error: string };

/** The guarded way out; it ends by itself when nothing is answered, and never throws. */
export type Post = (posting: Posting) => Promise<Posted>;

/** An error is `err`: under another name the logger writes nothing of it. */
type Fields = Readonly<Record<string, unknown>> & { readonly error?: never };

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields: Fields) => void;

/** Counters; called once for each notification or attempt. */
export interface DeliveryMetrics {
  delivered(subscriber: Subscriber, milliseconds: number): void;
  failed(subscriber: Subscriber): void;
  dead(subscriber: Subscriber): void;
  /** A dead letter went, to make room for a newer one. */
  dropped(subscriber: Subscriber): void;
}

/** What all deliveries need, whoever makes them. */
export interface Surroundings {
  readonly store: Store;
  readonly owned: Owned;
  readonly clock: Clock;
  readonly subscribers: Subscribers;
  readonly matching: Matching;
  readonly post: Post;
  readonly sealer: Sealer;
  readonly log: Log;
  /** `netweave/<version>` */
  readonly userAgent: string;
}
