import type { StoredObject } from '#schema/change.js';
import type { DeadLetterPage, Delivery, DeliveryTest, Replay, SigningSecret } from '#schema/delivery.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import type { Shown } from './secrets.js';

/** A subscription as the view holds it. */
export type Subscriber = Pick<StoredObject, 'id' | 'tenant' | 'value' | 'position'>;

/** What shall be sent again: dead letters by id or all of them, or everything since a place in the log or a time (RFC 3339). */
export type ReplayOf = { readonly deadLetters: readonly string[] | 'all' } | { readonly since: string };

/** What any process can say and change of the deliveries of a subscription, whoever makes them. */
export interface Deliveries {
  /** From now on changes are owed to a subscription that is about to stand. */
  begin(id: string, shown: Shown | undefined): Promise<void>;
  /** What forgets everything of a subscription that is gone, to be had before it goes; what a restore wrote since is left alone. */
  ending(id: string): Promise<() => Promise<void>>;
  /** What its callback is shown. Throws when that is not kept. */
  credentials(subscriber: Subscriber): Promise<CallbackCredentials | undefined>;
  /** Keeps credentials beside those that the row names: they are shown as soon as it names them, and not before. */
  keepCredentials(subscriber: Subscriber, shown: Shown): Promise<void>;
  /** Forgets credentials that no row names. */
  dropCredentials(id: string, credentialsId: string): Promise<void>;
  status(subscriber: Subscriber): Promise<Delivery>;
  deadLetters(id: string, page: { readonly after?: string; readonly first: number }): Promise<DeadLetterPage>;
  /** Posts a notification of no change, once, and says what came of it. */
  test(subscriber: Subscriber, signal: AbortSignal): Promise<DeliveryTest>;
  /** Throws GONE for a place that was trimmed away, INVALID for one that is none. */
  replay(subscriber: Subscriber, of: ReplayOf, signal: AbortSignal): Promise<Replay>;
  /**
   * Keeps a new signing secret beside those that sign: it signs as soon as the row names it, and not before. The previous one then
   * signs along for `overlap` milliseconds, if it could be read.
   */
  keepSecret(subscriber: Subscriber, signingSecretId: string, overlap: number): Promise<SigningSecret>;
  /** Clears up behind a rotation: one that the row does not name is forgotten. */
  settleSecret(id: string, signingSecretId: string): Promise<void>;
}
