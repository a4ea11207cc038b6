import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { quick, until, world, type World } from '../testing/deliveries.js';
import { answer, good, receiver, type Receiver } from '../testing/receiver.js';
import type { DelivererOptions } from './deliverer.js';
import { kinds } from './documents.js';

const never = new AbortController().signal;

test('a place ahead of what is owed takes nothing of it away; a time must be one, and have been', async () => {
  const house = await world();
  const to = await receiver(answer(503));
  const id = await house.subscribe(to.url);
  await house.deliverer();
  await house.change('x', 'x', 'x');
  await until(() => to.all.length > 0);
  const { seq, tag } = await house.store.head();
  await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
  await until(async () => (await house.store.ids(kinds.replay)).length === 0);
  to.behave(good);
  await until(async () => (await house.deliveries.status(house.subscriber(id))).delivered === 3);
  for (const since of ['2999-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-28', 'yesterday'])
    await expect(house.deliveries.replay(house.subscriber(id), { since }, never)).rejects.toMatchObject({
      code: 'INVALID',
      detail: { at: 'since' },
    });
  await house.close();
  await to.close();
});

test('who was owed nothing for longer than the log is kept can be replayed from where it is kept', async () => {
  const house = await world();
  const to = await receiver(good);
  const id = await house.subscribe(to.url, { filter: 'quiet' });
  await house.deliverer({ recent: { entries: 50, bytes: 1e7 } });
  await house.change('quiet-1');
  await until(() => to.all.length === 1);
  const told = await receiver(good);
  await house.subscribe(told.url, { filter: 'last' });
  for (let batch = 0; batch < 8; batch += 1) await house.change(...Array<string>(50).fill('noise'));
  // Whoever follows the log has passed all of this, before it is trimmed.
  await house.change('last');
  await until(() => told.all.length === 1);
  const { seq, tag } = await house.store.head();
  await house.store.trim({ hours: 0, bytes: 1 });
  for (let batch = 0; batch < 4; batch += 1) await house.change(...Array<string>(50).fill('noise'));
  await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
  await until(async () => (await house.store.ids(kinds.replay)).length === 0);
  await house.change('quiet-2');
  await until(() => to.all.length === 2);
  expect((await house.row(id)).value['state']).toBe('active');
  await house.close();
  await to.close();
  await told.close();
});

describe('what is under way when older ones are asked for again', () => {
  /** Ten changes of one object: the last one hangs at the callback, while the last five are asked for again. */
  async function hanging(more: Partial<DelivererOptions>, ordering: 'strict' | 'resource') {
    const house = await world();
    const held: ServerResponse[] = [];
    const to = await receiver((response, received, count) => {
      if (received.body.n === 10) held.push(response);
      else good(response, received, count);
    });
    const id = await house.subscribe(to.url, { ordering });
    await house.deliverer(more);
    await house.change('x', 'x', 'x', 'x', 'x');
    const { seq, tag } = await house.store.head();
    await house.change('x', 'x', 'x', 'x', 'x');
    await until(() => held.length === 1);
    await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
    await until(async () => (await house.store.ids(kinds.replay)).length === 0);
    to.behave(good);
    to.all.length = 0;
    return { house, to, id, callback: held[0]! };
  }

  test.each([
    ['strict', 204],
    ['strict', 503],
    ['resource', 204],
    ['resource', 503],
  ] as const)('comes again behind them (ordering %s, answered %i)', async (ordering, status) => {
    const { house, to, callback } = await hanging({}, ordering);
    callback.writeHead(status).end();
    await house.change('last');
    await until(() => to.all.some(({ body }) => body.object === 'last') && to.all.length > 5);
    expect(to.all.flatMap(({ body }) => (body.object === 'x' ? [body.n] : []))).toEqual([6, 7, 8, 9, 10]);
    await house.close();
    await to.close();
  });
});

test('what can be kept no longer is tried once when it is asked for again, though the callback had failed', async () => {
  const house = await world();
  const to = await receiver(answer(500));
  const id = await house.subscribe(to.url);
  const { seq, tag } = await house.store.head();
  const status = () => house.deliveries.status(house.subscriber(id));
  await house.deliverer({ logKeeps: 100 });
  await house.change('a', 'b');
  await until(async () => (await status()).deadLetters === 2);
  to.behave(good);
  await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
  await until(async () => (await house.store.ids(kinds.replay)).length === 0);
  await until(async () => (await status()).lagEvents === 0);
  expect(await status()).toMatchObject({ delivered: 2, deadLetters: 2 });
  await house.close();
  await to.close();
});

describe('five hundred that were given up', () => {
  const [count, half] = [500, 250];
  const others = () => house.change(...Array<string>(1200).fill('noise'));
  const owed = () => house.change(...Array<string>(half).fill('owed'));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  let house: World;
  let to: Receiver;
  let id: string;
  /** The id under which each came first, by its number. */
  let first: ReadonlyMap<number, string>;
  /** Between the two halves, in the middle of the log. */
  let middle: { readonly time: string; readonly position: string };

  beforeEach(async () => {
    house = await world();
    to = await receiver(answer(500));
    id = await house.subscribe(to.url, { filter: 'owed' });
    await house.deliverer({ policy: { ...quick, pauses: [1], giveUpAfter: 0 } });
    await others();
    await owed();
    await others();
    // Nothing more is appended by itself: the place in the middle is that of the time in the middle.
    await until(async () => house.counts.dead === half && (await house.row(id)).value['state'] === 'degraded');
    await pause();
    const { seq, tag } = await house.store.head();
    middle = { time: new Date().toISOString(), position: `${seq}.${tag}` };
    await pause();
    await others();
    await owed();
    await until(() => house.counts.dead === count);
    first = new Map(to.all.map((each) => [each.body.n, each.id]));
    expect([to.all.length, first.size]).toEqual([count, count]);
    to.behave(good);
    to.all.length = 0;
  });
  afterEach(async () => {
    await house.close();
    await to.close();
  });

  const replay = (of: Parameters<World['deliveries']['replay']>[1]) =>
    house.deliveries.replay(house.subscriber(id), of, never);
  const left = async () => (await house.deliveries.status(house.subscriber(id))).deadLetters;
  const ids = () => to.all.map((each) => each.id);

  async function letters(): Promise<readonly string[]> {
    const all: string[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = await house.deliveries.deadLetters(id, { first: 100, after });
      all.push(...page.items.map(({ deadLetterId }) => deadLetterId));
      after = page.next;
    }
    return all;
  }

  test('come again by id, and all that are left, each once and under its id', async () => {
    const all = await letters();
    const named = all.filter((_, index) => index % 2 === 1);
    expect(await replay({ deadLetters: named })).toEqual({ notifications: half });
    await until(async () => (await left()) === half);
    const odd = [...first.values()].filter((_, index) => index % 2 === 1);
    expect(ids()).toEqual(odd);
    expect(await replay({ deadLetters: 'all' })).toEqual({ notifications: half });
    await until(async () => (await left()) === 0);
    expect(ids().sort()).toEqual([...first.values()].sort());
  });

  test.each(['time', 'position'] as const)('come again from a %s in the middle on, and no others', async (which) => {
    expect(await replay({ since: middle[which] })).toEqual({ from: middle.position });
    await until(() => to.all.length >= half);
    await house.change('owed');
    await until(() => to.all.length > half);
    // In order: what comes last shows that nothing else came before it.
    expect(ids().slice(0, -1)).toEqual([...first.values()].slice(half));
    expect(first.has(to.all.at(-1)!.body.n)).toBe(false);
  });
});
