import type { Change } from '#schema/change.js';
import type { ToldEvent } from '../log/told-event.js';
import type { Unasked } from '../matcher/subscription-index.js';
import type { Subscriber } from './deliveries.js';

/** A filter made ready. */
export interface Compiled {
  matches(event: ToldEvent): boolean;
}

/** Subscriptions by what an event must have to match them. */
export interface Index<C extends Compiled> {
  /** In place of an earlier one of the same id. */
  add(subscriber: Subscriber, compiled: C): void;
  remove(id: string): void;
  /** A subscription that cannot be asked, or that there is no time for, is told to `unasked` and keeps none of the others back. */
  match(event: ToldEvent, unasked: Unasked): readonly string[];
}

/** A notification as it is posted; its id is the same at every attempt, from every process. */
export interface Notification {
  readonly id: string;
  readonly body: string;
}

/** Who is told of what, in which words. */
export interface Matching<C extends Compiled = Compiled> {
  /** Undefined for what nobody is owed. */
  event(change: Change): ToldEvent | undefined;
  /** Throws a Fault when the filter cannot be read by this release. */
  compile(subscriber: Subscriber): C;
  index(): Index<C>;
  /** Of tenant and permission; filters are not its business. */
  mayRead(subscriber: Subscriber, event: ToldEvent): boolean;
  notification(subscriber: Subscriber, event: ToldEvent): Notification;
  /** Of each request, beside those of signing: the version of the API (SOL 013 9.3). */
  headers(subscriber: Subscriber): Readonly<Record<string, string>>;
  /** A notification of no change, to try a callback with. */
  test(subscriber: Subscriber): Notification;
}
