import { attempt } from './attempt.js';
import type { Backlog } from './backlog.js';
import type { Turn } from './course.js';
import { dropOldest, writeDeadLetter } from './dead-letters.js';
import type { Subscriber } from './deliveries.js';
import type { Tally } from './documents.js';
import type { Notification } from './matching.js';
import type { Entry } from '../log/recent.js';
import type { SecretsInUse } from './secrets.js';
import type { Tries } from './tries.js';
import type { Held, Workshop } from './workshop.js';

/** For whom, and who is told what came of it. */
export interface Delivering {
  readonly row: Subscriber;
  readonly tries: Tries;
  readonly secrets: SecretsInUse;
  readonly held: Held;
  readonly signal: AbortSignal;
  readonly tally: Tally;
  turn(turn: Turn): void;
  /** The callback was asked until it answered, or its time was up. */
  asked(): void;
}

/** `done`: nobody is owed it any more; `kept`: it is tried again; `taken`: it is for another process to say. */
type End = 'delivered' | 'done' | 'kept' | 'taken';

/** Makes one attempt at a notification and decides what becomes of it. */
export async function deliver(shop: Workshop, entry: Entry, delivering: Delivering): Promise<End> {
  const { row, tries, secrets, signal } = delivering;
  const { matching, clock, metrics, policy } = shop;
  const event = entry.event!;
  if (!matching.mayRead(row, event)) return 'done';
  const notification = matching.notification(row, event);
  const expired = expiryOf(shop, entry);
  const tried = tries.attempts(entry);
  if (expired !== undefined && tries.hopeless)
    return bury(shop, entry, delivering, { notification, reason: expired, attempts: tried });
  const { outcome, shown } = await attempt(shop, row, notification, { secrets, signal });
  if (signal.aborted) return 'taken';
  delivering.asked();
  delivering.tally.lastAttempt = shown;
  const at = { now: clock.settled(), random: shop.random(), expired };
  const { verdict, turn } = tries.decide(entry, outcome, at, policy);
  if (outcome.result === 'delivered') metrics.delivered(row, shown.milliseconds);
  else metrics.failed(row);
  if (turn) delivering.turn(turn);
  if (verdict.then === 'dead')
    return bury(shop, entry, delivering, { notification, reason: verdict.reason, attempts: tried + 1 });
  return verdict.then === 'done' ? 'delivered' : 'kept';
}

/** Of what comes again nothing is made: neither is it done, nor does it come before its turn. */
export function settle(entry: Entry, end: Exclude<End, 'taken'>, tries: Tries, backlog: Backlog): void {
  const comesAgain = backlog.letGo(entry);
  if (end === 'kept' && !comesAgain) return tries.wait(entry);
  tries.leave(entry);
  if (!comesAgain) backlog.done(entry);
}

interface Grave {
  readonly notification: Notification;
  readonly reason: string;
  readonly attempts: number;
}

/** A dead letter stands before its notification is passed over. */
async function bury(
  { store, clock, metrics, mostDeadLetters }: Workshop,
  { change }: Entry,
  { row, held, tally }: Delivering,
  { notification, reason, attempts }: Grave,
): Promise<End> {
  const { id: notificationId, body } = notification;
  const at = new Date(clock.now()).toISOString();
  const letter = { notificationId, position: change.position, at, reason, attempts, body };
  const fence = held();
  const written = fence && (await writeDeadLetter(store, row.id, letter, fence));
  if (!written || written === 'fenced') return 'taken';
  metrics.dead(row);
  const replaced = written === 'replaced' ? 1 : 0;
  const count = replaced + (await dropOldest(store, row.id, mostDeadLetters, fence));
  tally.dropped = (tally.dropped ?? 0) + count;
  for (let each = 0; each < count; each += 1) metrics.dropped(row);
  return 'done';
}

function expiryOf({ clock, horizon }: Workshop, { change }: Entry): string | undefined {
  if (clock.settled() - Date.parse(change.at) < horizon) return undefined;
  return `The log keeps changes no longer than about ${Math.ceil(horizon / 3_600_000)} h.`;
}
