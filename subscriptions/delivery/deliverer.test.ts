import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { quick, until, world, type World } from '../testing/deliveries.js';
import { answer, good, receiver, type Behaviour, type Receiver } from '../testing/receiver.js';

let house: World;
let receivers: Receiver[];

beforeEach(async () => {
  house = await world();
  receivers = [];
});
afterEach(async () => {
  await house.close();
  for (const each of receivers) await each.close();
});

async function callback(behaviour?: Behaviour): Promise<Receiver> {
  const made = await receiver(behaviour);
  receivers.push(made);
  return made;
}

const numbers = ({ all }: Receiver) => all.map(({ body }) => body.n);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const times = (object: string, count: number) => new Array<string>(count).fill(object);

const never = new AbortController().signal;

describe('what is owed', () => {
  test('is posted once, in order, with the headers of Standard Webhooks', async () => {
    const to = await callback();
    const id = await house.subscribe(to.url);
    await house.deliverer();
    for (let n = 0; n < 20; n += 1) await house.change('x');
    await until(() => to.all.length >= 20);
    expect(numbers(to)).toEqual(upTo(20));
    expect(new Set(to.all.map((each) => each.id)).size).toBe(20);
    expect(to.all[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'netweave/test',
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,\S+$/),
    });
    await until(async () => (await house.deliveries.status(house.subscriber(id))).lagEvents === 0);
    expect(await house.deliveries.status(house.subscriber(id))).toMatchObject({
      delivered: 20,
      deadLetters: 0,
      attempts: 0,
      lagSeconds: 0,
      lastAttempt: { status: 204 },
    });
  });

  test('begins with the subscription, wherever nobody delivers yet', async () => {
    const to = await callback();
    await house.change('before');
    const id = await house.subscribe(to.url);
    await house.change('after');
    await house.deliverer();
    await until(() => to.all.length > 0);
    expect(to.all.map(({ body }) => body.object)).toEqual(['after']);
    await house.remove(id);
    await house.change('later');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(to.all).toHaveLength(1);
  });

  test('is what the filter says, the new one as soon as it is changed', async () => {
    const to = await callback();
    await house.deliverer();
    const id = await house.subscribe(to.url, { filter: 'a' });
    await house.change('a', 'b', 'a');
    await until(() => to.all.length === 2);
    await house.rewrite(id, { filter: 'b' });
    await house.change('a', 'b');
    await until(() => to.all.length === 3);
    expect(to.all.map(({ body }) => body.object)).toEqual(['a', 'a', 'b']);
  });

  test('keeps its order through failures, and what failed comes again under the same id', async () => {
    const to = await callback((response, received, count) =>
      (count % 3 === 0 ? answer(500) : count % 7 === 0 ? reset : count % 11 === 0 ? halfBody : good)(
        response,
        received,
        count,
      ),
    );
    await house.subscribe(to.url);
    await house.deliverer();
    await house.change(...times('x', 60));
    await until(() => numbers(to).includes(60) && to.all.at(-1)!.taken);
    const ids = new Map(to.all.map(({ id, body }) => [body.n, id]));
    expect(ids.size).toBe(60);
    for (const { id, body } of to.all) expect(id).toBe(ids.get(body.n));
    expect(numbers(to)).toEqual([...numbers(to)].sort((a, b) => a - b));
  });

  test('keeps the order of each object alone, several at once, when that was chosen', async () => {
    const to = await callback((response) => void setTimeout(() => response.writeHead(200).end(), 20));
    await house.subscribe(to.url, { ordering: 'resource' });
    await house.deliverer();
    await house.change(...Array.from({ length: 80 }, (_, n) => `o${n % 10}`));
    await until(() => to.all.filter(({ taken }) => taken).length === 80);
    expect(to.widest).toBe(8);
    for (let object = 0; object < 10; object += 1) {
      const of = to.all.filter(({ body }) => body.object === `o${object}`).map(({ body }) => body.n);
      expect(of).toEqual([...of].sort((a, b) => a - b));
    }
  });

  test('waits while the subscription is paused, and no longer', async () => {
    const to = await callback();
    const id = await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x');
    await until(() => to.all.length === 1);
    await house.rewrite(id, { state: 'paused' });
    await house.change('x', 'x');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(to.all).toHaveLength(1);
    await house.rewrite(id, { state: 'active' });
    await until(() => to.all.length === 3);
    expect(numbers(to)).toEqual([1, 2, 3]);
  });

  test('is found in the log again when more waits than is kept in memory', async () => {
    const to = await callback(answer(500));
    await house.subscribe(to.url);
    await house.deliverer({ recent: { entries: 100, bytes: 1e9 } });
    await house.change(...times('x', 5000));
    await until(() => to.all.length > 0);
    to.behave(good);
    await until(() => to.all.at(-1)!.body.n === 5000, 60_000);
    expect([...new Set(numbers(to))]).toEqual(upTo(5000));
    await until(() => house.counts.delivered === 5000);
  }, 70_000);
});

const reset: Behaviour = (response) => void response.socket!.resetAndDestroy();
const halfBody: Behaviour = (response) => {
  response.writeHead(200, { 'Content-Length': '100' });
  response.write('half', () => response.socket!.destroy());
};

describe('a callback that fails', () => {
  test('is shown as degraded after three failures, and as active when it takes a notification', async () => {
    const to = await callback(answer(500));
    const id = await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x');
    await until(async () => (await house.row(id)).value['state'] === 'degraded');
    expect((await house.row(id)).value['stateReason']).toMatch(/answered 500/);
    await until(async () => (await house.deliveries.status(house.subscriber(id))).attempts > 3);
    to.behave(good);
    await until(async () => (await house.row(id)).value['state'] === 'active');
    expect((await house.row(id)).value['stateReason']).toBeUndefined();
    expect(await changesOf(id)).toBe(3);
  });

  test('and answers 410 is left alone, until the subscription is resumed', async () => {
    const to = await callback(answer(410));
    const id = await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x', 'x');
    await until(async () => (await house.row(id)).value['state'] === 'disabled');
    expect((await house.row(id)).value['stateReason']).toMatch(/410/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(to.all).toHaveLength(1);
    to.behave(good);
    await house.rewrite(id, { state: 'active' });
    await until(() => to.all.length === 3);
    expect(numbers(to)).toEqual([1, 1, 2]);
  });

  test.each([429, 503])('and answers %s is not asked again before it wants to be', async (status) => {
    const to = await callback(answer(status, { 'Retry-After': '600' }));
    const id = await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x');
    await until(async () => (await house.deliveries.status(house.subscriber(id))).attempts === 1);
    const { lastAttempt, nextAttempt } = await house.deliveries.status(house.subscriber(id));
    expect(lastAttempt).toMatchObject({ status, error: expect.stringContaining(String(status)) });
    const pause = Date.parse(nextAttempt!) - Date.parse(lastAttempt!.at);
    expect(pause).toBeGreaterThanOrEqual(600_000);
    expect(pause).toBeLessThan(725_000);
  });

  test('by refusing connections is tried again', async () => {
    const to = await callback();
    const id = await house.subscribe('http://127.0.0.1:1/hook');
    await house.deliverer();
    await house.change('x');
    await until(async () => (await house.deliveries.status(house.subscriber(id))).attempts >= 2);
    await house.rewrite(id, { callback: to.url });
    await until(() => to.all.length === 1);
  });

  test('has its dead letters kept with their bodies, and sent again under the same ids', async () => {
    const to = await callback((response, received, count) =>
      (received.body.n % 2 === 1 ? answer(500) : good)(response, received, count),
    );
    const id = await house.subscribe(to.url, { ordering: 'resource' });
    await house.deliverer({ policy: { ...quick, giveUpAfter: 50 } });
    await house.change(...Array.from({ length: 10 }, (_, n) => `o${n}`));
    await until(() => house.counts.dead === 5);
    const page = await house.deliveries.deadLetters(id, { first: 3 });
    expect(page.items).toHaveLength(3);
    expect(page.items[0]).toMatchObject({
      body: { object: 'o0', n: 1 },
      reason: expect.stringMatching(/answered 500/),
    });
    const rest = await house.deliveries.deadLetters(id, { first: 3, after: page.next! });
    const letters = [...page.items, ...rest.items];
    expect(letters.map(({ notificationId }) => notificationId)).toEqual(
      [1, 3, 5, 7, 9].map((n) => to.all.find(({ body }) => body.n === n)!.id),
    );
    to.behave(good);
    to.all.length = 0;
    expect(
      await house.deliveries.replay(house.subscriber(id), { deadLetters: [letters[1]!.deadLetterId] }, never),
    ).toEqual({
      notifications: 1,
    });
    await until(() => to.all.length === 1);
    expect(await house.deliveries.replay(house.subscriber(id), { deadLetters: 'all' }, never)).toMatchObject({
      notifications: expect.any(Number),
    });
    await until(async () => (await house.deliveries.status(house.subscriber(id))).deadLetters === 0);
    expect(new Set(to.all.map((each) => each.id))).toEqual(new Set(letters.map((each) => each.notificationId)));
  });

  test('slows down nobody else, however many there are', async () => {
    const order: string[] = [];
    const silent: Parameters<Behaviour>[0][] = [];
    const hole = await callback((response) => {
      silent.push(response);
      order.push('hole');
    });
    const to = await callback((...asked) => {
      order.push('good');
      good(...asked);
    });
    for (let n = 0; n < 40; n += 1) await house.subscribe(hole.url);
    await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x');
    await until(() => order.length === 2);
    order.length = 0;
    for (let n = 1; n <= 120; n += 1) {
      await house.change('x');
      await until(() => to.all.length === n + 1);
      if (n % 10 > 0) continue;
      // Only now these time out, and the next eight begin: first tries, then retries too.
      for (const each of silent.splice(0)) each.destroy();
      await until(() => silent.length === 8);
    }
    // Ten posts to the good one before each next try of the hole.
    expect(order).toEqual(Array.from({ length: 12 }, () => [...times('good', 10), ...times('hole', 8)]).flat());
  });
});

async function changesOf(id: string): Promise<number> {
  const read = await house.store.read({ seq: 0, tag: '0' }, 10_000);
  return read.outcome === 'read' ? read.changes.filter((change) => change.id === id).length : NaN;
}

describe('from any process', () => {
  test('a test notification tells what came of it', async () => {
    const to = await callback();
    const id = await house.subscribe(to.url);
    const signal = new AbortController().signal;
    expect(await house.deliveries.test(house.subscriber(id), signal)).toMatchObject({ delivered: true, status: 204 });
    to.behave(answer(301, { Location: '/elsewhere' }));
    expect(await house.deliveries.test(house.subscriber(id), signal)).toMatchObject({
      delivered: false,
      status: 301,
      error: expect.stringMatching(/redirects are not followed/),
    });
    expect(to.all).toHaveLength(2);
  });

  test('everything since a place, or a time, is sent again', async () => {
    const to = await callback();
    const id = await house.subscribe(to.url);
    await house.deliverer();
    await house.change('x');
    const { position } = await house.deliveries.status(house.subscriber(id));
    await house.change('x', 'x');
    await until(() => to.all.length === 3);
    expect(await house.deliveries.replay(house.subscriber(id), { since: position }, never)).toMatchObject({
      from: expect.any(String),
    });
    await until(() => to.all.length >= 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ids = to.all.map((each) => each.id);
    expect(ids.slice(3)).toEqual(ids.slice(6 - ids.length < 0 ? 0 : 6 - ids.length, 3));
    const before = to.all.length;
    await house.deliveries.replay(house.subscriber(id), { since: '2000-01-01T00:00:00Z' }, never);
    await until(() => to.all.length >= before + 3);
    await expect(house.deliveries.replay(house.subscriber(id), { since: '3.nothing' }, never)).rejects.toMatchObject({
      code: 'INVALID',
      detail: { at: 'since' },
    });
  });

  test('a new signing secret signs beside the one before, for as long as was said', async () => {
    const to = await callback();
    const id = await house.subscribe(to.url);
    await house.deliverer();
    const first = await house.deliveries.keepSecret(house.subscriber(id), 'first', 0);
    await house.rewrite(id, { signingSecretId: 'first' });
    expect(first.previousUntil).toBeUndefined();
    const second = await house.deliveries.keepSecret(house.subscriber(id), 'second', 60_000);
    await house.rewrite(id, { signingSecretId: 'second' });
    expect(second.previousUntil).toBeDefined();
    await house.change('x');
    await until(() => to.all.length === 1);
    expect(String(to.all[0]!.headers['webhook-signature']).split(' ')).toHaveLength(2);
  });
});
