import { randomBytes } from 'node:crypto';
import { Fault, invalid } from '#schema/errors.js';
import type { Delivery } from '#schema/delivery.js';
import { formatPosition } from '#schema/position.js';
import { timestamp } from '#platform/clock.js';
import { newSecret } from '#platform/outbound/signature.js';
import { attempt } from './attempt.js';
import {
  countDeadLetters,
  deadLetterIds,
  pageOfDeadLetters,
  readDeadLetter,
  removeDeadLetters,
} from './dead-letters.js';
import type { Deliveries, ReplayOf, Subscriber } from './deliveries.js';
import { kinds, markOf, progressOf, progressValue, reached, shardOf, type Progress } from './documents.js';
import { placeSince } from './places.js';
import type { ReplayOrder } from './replays.js';
import { readSecrets, writeSecrets, type Secrets } from './secrets.js';
import type { Surroundings } from './surroundings.js';

const attempts = 10;
/** Orders to send again that may wait for one subscription. */
const mostOrders = 10;

/** What any process can say and change of deliveries: everything goes through the store. */
export function deliveries(around: Surroundings): Deliveries {
  const { store } = around;
  return {
    begin: (id, credentials) => begin(around, id, credentials),
    end: (id) => end(around, id),
    credentials: async (id) => (await readSecrets(around, id))?.credentials,
    async changeCredentials(id, credentials) {
      await writeSecrets(around, id, (before) => ({
        signing: before?.signing ?? [{ secret: newSecret() }],
        ...(credentials && { credentials }),
      }));
    },
    status: (subscriber) => status(around, subscriber),
    deadLetters: (id, page) => pageOfDeadLetters(store, id, page),
    test: (subscriber, signal) => test(around, subscriber, signal),
    replay: (subscriber, of, signal) => replay(around, subscriber, of, signal),
    rotateSecret: (id, overlap) => rotate(around, id, overlap),
  };
}

async function begin(around: Surroundings, id: string, credentials: Secrets['credentials']): Promise<void> {
  const { store } = around;
  const position = await store.head();
  await writeSecrets(around, id, () => ({
    signing: [{ secret: newSecret() }],
    ...(credentials && { credentials }),
  }));
  // Owed from here on, even if the shard is marked further on before anybody has taken the subscription up.
  const progress: Progress = { position, delivered: 0, owed: {} };
  await store.put(kinds.delivery, id, progressValue(progress), 0);
}

async function end({ store }: Surroundings, id: string): Promise<void> {
  const orders = await store.list(kinds.replay, { prefix: `${id}/` });
  await Promise.all(orders.map((order) => store.remove(kinds.replay, order.id, order.revision)));
  for (const kind of [kinds.delivery, kinds.secret]) await removeAny(store, kind, id);
  await removeDeadLetters(store, id);
}

/** Removes a document that others may still be writing. */
async function removeAny(store: Surroundings['store'], kind: string, id: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const stored = await store.get(kind, id);
    if (!stored || (await store.remove(kind, id, stored.revision))) return;
  }
}

async function status({ store, clock }: Surroundings, { id, position: stood }: Subscriber): Promise<Delivery> {
  const [document, marked, head, deadLetters] = await Promise.all([
    store.get(kinds.delivery, id),
    store.get(kinds.mark, String(shardOf(id))),
    store.head(),
    countDeadLetters(store, id),
  ]);
  const progress: Progress = document ? progressOf(document.value) : { position: stood, delivered: 0 };
  const position = reached(progress, marked && markOf(marked.value).position);
  const { failing, lastAttempt } = progress;
  const since = progress.owed?.since;
  return {
    subscriptionId: id,
    position: formatPosition(position),
    lagEvents: Math.max(0, head.seq - position.seq),
    lagSeconds: since === undefined ? 0 : Math.max(0, clock.now() - Date.parse(since)) / 1000,
    delivered: progress.delivered,
    deadLetters,
    attempts: failing?.attempts ?? 0,
    ...(lastAttempt && { lastAttempt }),
    ...(failing && { nextAttempt: timestamp(failing.nextAttempt) }),
  };
}

async function test(surroundings: Surroundings, subscriber: Subscriber, signal: AbortSignal) {
  const secrets = async () => {
    const found = await readSecrets(surroundings, subscriber.id);
    if (!found) throw new Error(`The signing secret of subscription '${subscriber.id}' is missing; rotate it.`);
    return found;
  };
  const notification = surroundings.matching.test(subscriber);
  const { outcome, shown } = await attempt(surroundings, subscriber, notification, { secrets, signal });
  return { ...shown, delivered: outcome.result === 'delivered' };
}

async function replay({ store, clock }: Surroundings, { id }: Subscriber, of: ReplayOf, signal: AbortSignal) {
  const order = async (value: ReplayOrder) => {
    const waiting = await store.list(kinds.replay, { prefix: `${id}/`, limit: mostOrders });
    if (waiting.length >= mostOrders)
      throw new Fault('CONFLICT', `${mostOrders} orders to send again are waiting already.`, { retryAfter: 5 });
    const name = `${String(clock.now()).padStart(15, '0')}${randomBytes(4).toString('hex')}`;
    await store.put(kinds.replay, `${id}/${name}`, { ...value }, 0);
  };
  if ('since' in of) {
    const mark = await store.get(kinds.mark, String(shardOf(id)));
    const from = formatPosition(await placeSince(store, of.since, mark ? markOf(mark.value).trail : [], signal));
    await order({ since: from });
    return { from };
  }
  if (of.deadLetters !== 'all') {
    const letters = [...new Set(of.deadLetters)];
    await Promise.all(letters.map((letter) => mustStand(store, id, letter)));
    if (letters.length > 0) await order({ letters });
    return { notifications: letters.length };
  }
  let [notifications, upTo] = [0, ''];
  for (let ids = await deadLetterIds(store, id); ids.length > 0; ids = await deadLetterIds(store, id, upTo)) {
    notifications += ids.length;
    upTo = ids.at(-1)!;
  }
  if (notifications > 0) await order({ letters: { upTo } });
  return { notifications };
}

async function mustStand(store: Surroundings['store'], id: string, letter: string): Promise<void> {
  if (!(await readDeadLetter(store, id, letter))) throw invalid(`There is no dead letter '${letter}'.`, 'deadLetters');
}

async function rotate(around: Surroundings, id: string, overlap: number) {
  const { clock } = around;
  const secret = newSecret();
  const now = clock.now();
  const until = now + overlap;
  let previous = false;
  await writeSecrets(around, id, (before) => {
    const kept = (before?.signing ?? []).filter((key) => key.until === undefined || key.until > now);
    const along = overlap > 0 ? kept.map((key) => ({ ...key, until: Math.min(key.until ?? until, until) })) : [];
    previous = along.length > 0;
    return { ...before, signing: [{ secret }, ...along] };
  });
  return { signingSecret: secret, ...(previous ? { previousUntil: timestamp(until) } : {}) };
}
