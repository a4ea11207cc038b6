import { randomBytes } from 'node:crypto';
import { Fault, invalid } from '#schema/errors.js';
import type { Delivery } from '#schema/delivery.js';
import { formatPosition } from '#schema/position.js';
import { timestamp } from '#platform/clock.js';
import { newSecret } from '#platform/outbound/signature.js';
import { attempt } from './attempt.js';
import { countDeadLetters, deadLetterIds, pageOfDeadLetters, readDeadLetter } from './dead-letters.js';
import type { Deliveries, ReplayOf, Subscriber } from './deliveries.js';
import { kinds, markOf, progressOf, progressValue, reached, shardOf, type Progress } from './documents.js';
import { ending } from './ending.js';
import { placeSince } from './places.js';
import type { ReplayOrder } from './replays.js';
import { keepSecret, settleSecret } from './rotation.js';
import {
  credentialsFor,
  missingSecret,
  readSecrets,
  underWay,
  writeSecrets,
  type Secrets,
  type Shown,
} from './secrets.js';
import type { Surroundings } from './surroundings.js';

/** Orders to send again that may wait for one subscription. */
const mostOrders = 10;

/** What any process can say and change of deliveries: everything goes through the store. */
export function deliveries(around: Surroundings): Deliveries {
  const { store } = around;
  return {
    begin: (id, shown) => begin(around, id, shown),
    ending: (id) => ending(store, id),
    credentials: async (subscriber) => credentialsFor(await secretsOf(around, subscriber), subscriber),
    keepCredentials: (subscriber, shown) => keepCredentials(around, subscriber, shown),
    dropCredentials: (id, credentialsId) => dropCredentials(around, id, credentialsId),
    status: (subscriber) => status(around, subscriber),
    deadLetters: (id, page) => pageOfDeadLetters(store, id, page),
    test: (subscriber, signal) => test(around, subscriber, signal),
    replay: (subscriber, of, signal) => replay(around, subscriber, of, signal),
    keepSecret: (subscriber, signingSecretId, overlap) => keepSecret(around, subscriber, { signingSecretId, overlap }),
    settleSecret: (id, signingSecretId) => settleSecret(around, id, signingSecretId),
  };
}

async function begin(around: Surroundings, id: string, shown: Shown | undefined): Promise<void> {
  const { store, clock } = around;
  const position = await store.head();
  // Owed from here on, even if the shard is marked further on before anybody has taken the subscription up.
  const progress: Progress = { position, delivered: 0, owed: {} };
  await store.put(kinds.delivery, id, progressValue(progress), 0);
  await writeSecrets(around, id, () => ({
    signing: [{ secret: newSecret() }],
    ...(shown && { shown: [{ ...shown, at: clock.now() }] }),
  }));
}

async function secretsOf(around: Surroundings, { id }: Subscriber): Promise<Secrets> {
  const found = await readSecrets(around, id);
  if (!found) throw missingSecret(id);
  return found;
}

async function keepCredentials(around: Surroundings, { id, value }: Subscriber, shown: Shown): Promise<void> {
  const now = around.clock.now();
  const stays = (each: Shown & { readonly at: number }) =>
    each.credentialsId === value['credentialsId'] || underWay(each, now);
  await writeSecrets(around, id, (before = { signing: [] }) => ({
    ...before,
    shown: [...(before.shown ?? []).filter(stays), { ...shown, at: now }],
  }));
}

async function dropCredentials(around: Surroundings, id: string, credentialsId: string): Promise<void> {
  const others = ({ shown = [] }: Secrets) => shown.filter((each) => each.credentialsId !== credentialsId);
  // Of a subscription that is gone nothing is kept anew.
  await writeSecrets(around, id, (before) => before && { ...before, shown: others(before) });
}

async function status({ store, clock }: Surroundings, { id, value, position: stood }: Subscriber): Promise<Delivery> {
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
  const lost = lostOf(progress, value['state']);
  const stopped = value['state'] === 'paused' || value['state'] === 'disabled';
  return {
    subscriptionId: id,
    position: formatPosition(position),
    lagEvents: Math.max(0, head.seq - position.seq),
    lagSeconds: since === undefined ? 0 : Math.max(0, clock.now() - Date.parse(since)) / 1000,
    delivered: progress.delivered,
    deadLetters,
    deadLettersDropped: progress.dropped ?? 0,
    attempts: failing?.attempts ?? 0,
    ...(lastAttempt && { lastAttempt }),
    // Who is stopped is tried as soon as it goes on, and no sooner.
    ...(failing && !stopped && { nextAttempt: timestamp(failing.nextAttempt) }),
    ...(lost !== undefined && { lost }),
  };
}

/** Why changes may be missing; its consumer may have resumed it before whoever delivers has noted that. */
function lostOf({ lost, untold }: Progress, state: unknown): string | undefined {
  return state === 'active' && !untold ? undefined : lost;
}

async function test(surroundings: Surroundings, subscriber: Subscriber, signal: AbortSignal) {
  const secrets = (row: Subscriber) => secretsOf(surroundings, row);
  const notification = surroundings.matching.test(subscriber);
  const { outcome, shown } = await attempt(surroundings, subscriber, notification, { secrets, signal });
  return { ...shown, delivered: outcome.result === 'delivered' };
}

async function replay(surroundings: Surroundings, { id }: Subscriber, of: ReplayOf, signal: AbortSignal) {
  const { store, clock } = surroundings;
  const order = async (value: ReplayOrder) => {
    const waiting = await store.list(kinds.replay, { prefix: `${id}/`, limit: mostOrders });
    if (waiting.length >= mostOrders)
      throw new Fault('CONFLICT', `${mostOrders} orders to send again are waiting already.`, { retryAfter: 5 });
    const name = `${String(clock.now()).padStart(15, '0')}${randomBytes(4).toString('hex')}`;
    await store.put(kinds.replay, `${id}/${name}`, { ...value }, 0);
  };
  if ('since' in of) {
    const mark = await store.get(kinds.mark, String(shardOf(id)));
    const from = formatPosition(await placeSince(surroundings, of.since, mark ? markOf(mark.value).trail : [], signal));
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
