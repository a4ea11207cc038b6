import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import type { Clock } from '#platform/clock.js';
import type { Store } from '#platform/store/store.js';
import type { Owned } from '../owned.js';
import type { Subscriber } from './deliveries.js';
import type { Matching } from './matching.js';

/** The subscriptions as the view holds them. */
export interface Subscribers {
  get(id: string): Subscriber | undefined;
  all(): Iterable<Subscriber>;
}

export interface Posting {
  readonly url: string;
  readonly tenant: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials: CallbackCredentials | undefined;
  readonly signal: AbortSignal;
}

/** What came of one request; it never throws. */
export type Posted =
  | {
      readonly status: number;
      /** What `Retry-After` asks for, in milliseconds. */
      readonly retryAfter?: number;
    }
  | { readonly error: string };

/** The guarded way out, with what a subscription shows to its callback. */
export interface Outbound {
  post(posting: Posting): Promise<Posted>;
  /** Value of `webhook-signature`; `at` in seconds. */
  sign(secrets: readonly string[], id: string, at: number, body: string): string;
  newSecret(): string;
}

/** Encryption at rest; `of` binds a text to what it belongs to. */
export interface Sealed {
  seal(text: string, of: string): string;
  open(sealed: string, of: string): string;
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields: object) => void;

/** Counters; called once for each notification or attempt. */
export interface DeliveryMetrics {
  delivered(subscriber: Subscriber, milliseconds: number): void;
  failed(subscriber: Subscriber): void;
  dead(subscriber: Subscriber): void;
}

/** What all deliveries need, whoever makes them. */
export interface Surroundings {
  readonly store: Store;
  readonly owned: Owned;
  readonly clock: Clock;
  readonly subscribers: Subscribers;
  readonly matching: Matching;
  readonly outbound: Outbound;
  readonly sealed: Sealed;
  readonly log: Log;
  /** `netweave/<version>` */
  readonly userAgent: string;
}
