import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { origin } from '#schema/position.js';
import { sealer } from '#platform/sealed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { manualClock } from '#platform/testing/manual-clock.js';
import { until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';
import type { Subscriber } from './deliveries.js';
import { kinds } from './documents.js';
import { keepSecret } from './rotation.js';
import { readSecrets, signingAt, writeSecrets, type Secrets } from './secrets.js';

let house: World;
let to: Receiver;
beforeEach(async () => {
  house = await world();
  to = await receiver();
  await house.deliverer();
});
afterEach(async () => {
  await house.close();
  await to.close();
});

/** Which of these secrets the next notification is signed with. */
async function signs(...secrets: readonly { readonly signingSecret: string }[]): Promise<readonly boolean[]> {
  const before = to.all.length;
  await house.change('x');
  await until(() => to.all.length > before);
  const { body, headers } = to.all.at(-1)!;
  return secrets.map(({ signingSecret }) => {
    try {
      new Webhook(signingSecret).verify(JSON.stringify(body), headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  });
}

const rotated = async (id: string, signingSecretId: string, overlap = 0) => {
  const made = await house.deliveries.keepSecret(house.subscriber(id), signingSecretId, overlap);
  await house.rewrite(id, { signingSecretId });
  return made;
};

test('a secret signs from the change of the row that names it, cleared up behind or not', async () => {
  const id = await house.subscribe(to.url);
  const first = await rotated(id, 'first');
  const second = await house.deliveries.keepSecret(house.subscriber(id), 'second', 0);
  expect(await signs(first, second)).toEqual([true, false]);
  await house.rewrite(id, { signingSecretId: 'second' });
  expect(await signs(first, second)).toEqual([false, true]);
  await house.deliveries.settleSecret(id, 'second');
  const third = await rotated(id, 'third', 60_000);
  expect(third.previousUntil).toBeDefined();
  expect(await signs(first, second, third)).toEqual([false, true, true]);
});

test('clearing up late behind a rotation leaves the one signing that came after it', async () => {
  const id = await house.subscribe(to.url);
  await rotated(id, 'first');
  const second = await house.deliveries.keepSecret(house.subscriber(id), 'second', 0);
  await house.deliveries.settleSecret(id, 'first');
  await house.rewrite(id, { signingSecretId: 'second' });
  await house.deliveries.settleSecret(id, 'second');
  await house.deliveries.settleSecret(id, 'first');
  expect(await signs(second)).toEqual([true]);
});

test('a rotation beside one that was faster is forgotten, and the faster one signs', async () => {
  const id = await house.subscribe(to.url);
  const seen = house.subscriber(id);
  const faster = await rotated(id, 'faster');
  const slower = await house.deliveries.keepSecret(seen, 'slower', 0);
  await house.deliveries.settleSecret(id, 'slower');
  await house.deliveries.settleSecret(id, 'faster');
  expect(await signs(faster, slower)).toEqual([true, false]);
  const sealed = async () => (await house.store.get(kinds.secret, id))?.value;
  const before = await sealed();
  await house.remove(id);
  await house.deliveries.settleSecret(id, 'slower');
  expect([before, await sealed()]).toEqual([expect.anything(), undefined]);
});

test('one who gives credentials meanwhile takes no secret away', async () => {
  const id = await house.subscribe(to.url);
  const made = await house.deliveries.keepSecret(house.subscriber(id), 'first', 0);
  const shown = { credentialsId: 'c', callback: to.url, credentials: { bearer: 'b' } };
  await house.deliveries.keepCredentials(house.subscriber(id), shown);
  await house.deliveries.dropCredentials(id, 'c');
  await house.rewrite(id, { signingSecretId: 'first' });
  expect(await signs(made)).toEqual([true]);
});

/** What is kept of a subscription, without a gateway around it. */
async function keeping(kept: Secrets, value: Subscriber['value'] = {}) {
  const store = await openEmbeddedStore({ memory: true });
  const around = { store, sealer: sealer(Buffer.alloc(32, 1)), clock: manualClock(0) };
  const subscriber: Subscriber = { id: 's', tenant: null, value, position: origin };
  await writeSecrets(around, 's', () => kept);
  return { around, subscriber, kept: async () => (await readSecrets(around, 's'))! };
}

test('what no row names is forgotten by a later rotation, but not while it may be about to be named', async () => {
  const { around, subscriber, kept } = await keeping({ signing: [] }, { signingSecretId: 'named' });
  const ids = async () => (await kept()).rotations!.map(({ signingSecretId }) => signingSecretId);
  const rotate = (signingSecretId: string) => keepSecret(around, subscriber, { signingSecretId, overlap: 0 });
  await rotate('named');
  await rotate('left');
  await around.clock.advance(59_999);
  await rotate('second');
  expect(await ids()).toEqual(['named', 'left', 'second']);
  await around.clock.advance(1);
  await rotate('third');
  expect(await ids()).toEqual(['named', 'second', 'third']);
  await around.store.close();
});

test('secrets of a former release sign for a row that names one of them, and along with the next', async () => {
  const { around, subscriber, kept } = await keeping({ signing: [{ secret: 'former' }] }, { signingSecretId: 'f' });
  expect(signingAt(await kept(), subscriber, 0)).toEqual([{ secret: 'former' }]);
  const { signingSecret } = await keepSecret(around, subscriber, { signingSecretId: 'n', overlap: 1000 });
  const next = { ...subscriber, value: { signingSecretId: 'n' } };
  const along = { secret: 'former', until: 1000 };
  expect(signingAt(await kept(), next, 999)).toEqual([{ secret: signingSecret }, along]);
  expect(signingAt(await kept(), next, 1000)).toEqual([{ secret: signingSecret }]);
  await around.store.close();
});

test('the two newest previous secrets sign along at most, and an older one ends early', async () => {
  const { around, subscriber, kept } = await keeping({ signing: [{ secret: 's0' }] }, { signingSecretId: '0' });
  const made: string[] = ['s0'];
  for (const at of [1, 2, 3, 4]) {
    const row = { ...subscriber, value: { signingSecretId: `${at - 1}` } };
    const { signingSecret } = await keepSecret(around, row, { signingSecretId: `${at}`, overlap: 10_000 - at });
    made.unshift(signingSecret);
  }
  const named = (await kept()).rotations!.find(({ signingSecretId }) => signingSecretId === '4')!;
  expect(named.signing).toEqual([
    { secret: made[0] },
    { secret: made[1], until: 9996 },
    { secret: made[2], until: 9996 },
  ]);
  await around.store.close();
});

test('of what a former release kept the current secret and the two newest before it sign', async () => {
  const before = ['a', 'b', 'c'].map((secret) => ({ secret, until: 1000 }));
  const { around, subscriber, kept } = await keeping({ signing: [{ secret: 'current' }, ...before] });
  const secrets = signingAt(await kept(), subscriber, 0).map(({ secret }) => secret);
  expect(secrets).toEqual(['current', 'a', 'b']);
  await around.store.close();
});

test('a rotation replaces what was sealed with another key: nothing of it signs along, and the answer says so', async () => {
  const { around, subscriber } = await keeping({ signing: [{ secret: 'former' }] });
  const other = { ...around, sealer: sealer(Buffer.alloc(32, 2)) };
  const made = await keepSecret(other, subscriber, { signingSecretId: 'n', overlap: 1000 });
  expect(made).toEqual({ signingSecret: expect.any(String) });
  const secrets = (await readSecrets(other, 's'))!;
  expect(signingAt(secrets, subscriber, 0)).toEqual([]);
  const named = { ...subscriber, value: { signingSecretId: 'n' } };
  expect(signingAt(secrets, named, 0)).toEqual([{ secret: made.signingSecret }]);
  await around.store.close();
});

test('while nothing that signs is kept nothing is sent', async () => {
  const id = await house.subscribe(to.url);
  await house.store.remove(kinds.secret, id, (await house.store.get(kinds.secret, id))!.revision);
  const made = await house.deliveries.keepSecret(house.subscriber(id), 'first', 60_000);
  expect(made).not.toHaveProperty('previousUntil');
  const sent = await house.deliveries.test(house.subscriber(id), AbortSignal.timeout(10_000));
  expect(sent).toMatchObject({ delivered: false, error: expect.stringContaining('is missing; rotate it') });
  expect(to.all).toEqual([]);
  await house.rewrite(id, { signingSecretId: 'first' });
  expect(await signs(made)).toEqual([true]);
});
