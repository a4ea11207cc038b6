import { attempt } from './attempt.js';
import { deadLetterIds, readDeadLetter } from './dead-letters.js';
import { kinds, positionOf } from './documents.js';
import { pauseAfter } from './policy.js';
import type { Worker } from './worker.js';
import type { Workshop } from './workshop.js';

const rounds = 10;
/** So many failures one after another mean that it is the callback, not the letter. */
const inARow = 3;
const look = 1000;

/** What shall be sent again; its document is `<subscriptionId>/<name>` and goes when it is done. */
export interface ReplayOrder {
  /** A position. */
  readonly since?: string;
  readonly letters?: readonly string[] | { readonly upTo: string };
}

/** Carries out an order to send again. Begun anew by who takes over: letters that were delivered are gone by then. */
export async function carryOut(shop: Workshop, worker: Worker, order: string, signal: AbortSignal) {
  const document = await shop.store.get(kinds.replay, order);
  if (!document) return;
  const { since, letters } = document.value as ReplayOrder;
  if (since !== undefined && worker.replayed !== document.id) await worker.replay(positionOf(since), document.id);
  if (letters) await sendLetters(shop, worker, await idsOf(shop, worker.id, letters), signal);
  if (!signal.aborted) await shop.store.remove(kinds.replay, document.id, document.revision);
}

async function idsOf({ store }: Workshop, id: string, letters: NonNullable<ReplayOrder['letters']>) {
  if ('length' in letters) return letters;
  const all: string[] = [];
  for (let after = ''; ; after = all.at(-1)!) {
    const ids = await deadLetterIds(store, id, after);
    all.push(...ids.filter((each) => each <= letters.upTo));
    if (ids.length === 0 || ids.at(-1)! > letters.upTo) return all;
  }
}

/** Beside what is owed, one at a time; those that fail are tried again after all others. */
async function sendLetters(shop: Workshop, worker: Worker, ids: readonly string[], signal: AbortSignal): Promise<void> {
  let left = ids;
  for (let round = 0; left.length > 0 && round < rounds; round += 1) {
    if (round > 0) await shop.clock.sleep(pauseAfter(shop.policy, round, shop.random()), signal);
    left = await oneRound(shop, worker, left, signal);
  }
  if (left.length > 0)
    shop.log('warn', 'Dead letters could not be delivered again.', { subscriptionId: worker.id, count: left.length });
}

async function oneRound(shop: Workshop, worker: Worker, ids: readonly string[], signal: AbortSignal) {
  const failed: string[] = [];
  for (let [index, row] = [0, 0]; index < ids.length; index += 1) {
    while (!worker.running) await shop.clock.sleep(look, signal);
    signal.throwIfAborted();
    const delivered = await sendOne(shop, worker, ids[index]!, signal);
    row = delivered ? 0 : row + 1;
    if (!delivered) failed.push(ids[index]!);
    if (row === inARow) return [...failed, ...ids.slice(index + 1)];
  }
  return failed;
}

async function sendOne(shop: Workshop, worker: Worker, letterId: string, signal: AbortSignal): Promise<boolean> {
  const found = await readDeadLetter(shop.store, worker.id, letterId);
  if (!found) return true;
  const { stored, letter } = found;
  const purpose = { endpoint: worker.endpoint, tenant: worker.row.tenant, retry: true };
  const leave = await new Promise<(asked: boolean) => void>((resolve) => shop.limits.enter(purpose, resolve));
  let asked = false;
  try {
    // It may have been paused while it waited for a place.
    if (!worker.running) return false;
    const notification = { id: letter.notificationId, body: letter.body };
    const { outcome, shown } = await attempt(shop, worker.row, notification, { secrets: worker.secrets, signal });
    asked = !signal.aborted;
    // It wants no more of them, whichever it was told.
    if (outcome.result === 'gone') worker.standing.turn({ state: 'disabled', reason: outcome.error });
    if (outcome.result !== 'delivered') {
      shop.metrics.failed(worker.row);
      return false;
    }
    shop.metrics.delivered(worker.row, shown.milliseconds);
    await shop.store.remove(kinds.deadLetter, stored.id, stored.revision);
    return true;
  } finally {
    leave(asked);
  }
}
