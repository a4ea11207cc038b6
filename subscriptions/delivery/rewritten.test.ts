import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatPosition } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { matching, until, world, type World } from '../testing/deliveries.js';
import { shardOf } from './documents.js';
import type { Matching } from './matching.js';
import { answer, good, receiver, type Receiver } from '../testing/receiver.js';

let home: string;
let to: Receiver;
let current: Store;
let house: World;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'netweave-'));
  to = await receiver();
});
afterEach(async () => {
  await house.close();
  await to.close();
  rmSync(home, { recursive: true, force: true });
});

const file = (name: string) => join(home, `${name}.db`);

/** A store whose insides can be put in place of one another, as a failover does. */
function behind(): Store {
  return new Proxy({} as Store, { get: (_target, name: keyof Store) => current[name].bind(current) });
}

/** Keeps the store as it is now, for a failover to lead to. */
async function keep(): Promise<void> {
  await current.close();
  copyFileSync(file('first'), file('second'));
  current = await openEmbeddedStore({ file: file('first') });
}

async function failOver(name: string): Promise<void> {
  const former = current;
  current = await openEmbeddedStore({ file: file(name) });
  await former.close();
}

const numbers = () => to.all.map(({ body }) => body.n);

test('a log that lost its tail is followed from the last place that both have: nothing that stands in it is left out', async () => {
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store: behind() });
  const id = await house.subscribe(to.url);
  await house.change('x', 'x');
  await keep();
  await house.deliverer();
  await house.change('x', 'x');
  await until(() => to.all.length === 4);
  await failOver('second');
  await house.change('x', 'x', 'x');
  await until(() => numbers().includes(7), 15_000);
  // This store forgets who holds leases, and what the lost tail said of progress: some come twice, under one id.
  expect([...new Set(numbers())]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(new Set(to.all.map((each) => each.id)).size).toBe(7);
  expect((await house.row(id)).value['state']).toBe('active');
}, 30_000);

test('what failed of the lost tail does not stand for what was written in its place', async () => {
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store: behind() });
  await house.subscribe(to.url);
  await house.deliverer();
  await house.change('x', 'x');
  await until(() => to.all.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await keep();
  to.behave(answer(503));
  await house.change('x', 'x');
  await until(() => numbers().includes(3));
  await failOver('second');
  to.behave(good);
  await house.change('x', 'x');
  await until(() => numbers().includes(6), 15_000);
  const taken = to.all.filter((each) => each.taken).map(({ body }) => body.n);
  expect(taken.slice(-2)).toEqual([5, 6]);
}, 30_000);

describe('what is under way of the lost tail, while another object has its number', () => {
  /** `p` of the lost tail hangs at the callback, and `q` is written in its place. */
  async function hanging(behave: (response: ServerResponse) => void) {
    current = await openEmbeddedStore({ file: file('first') });
    house = await world({ store: behind() });
    const id = await house.subscribe(to.url, { ordering: 'resource' });
    await house.deliverer();
    await house.change('x', 'y');
    await until(async () => (await house.deliveries.status(house.subscriber(id))).delivered === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await keep();
    const held: ServerResponse[] = [];
    to.behave((response, { body }) => void (body.object === 'p' ? held.push(response) : behave(response)));
    await house.change('p');
    await until(() => held.length === 1);
    await failOver('second');
    await house.change('q');
    await until(() => to.all.some(({ body }) => body.object === 'q'), 15_000);
    const end = () => held.forEach((response) => response.writeHead(204).end());
    const told = () => to.all.filter(({ taken }) => taken).map(({ body }) => body.object);
    return { end, told };
  }

  test('does not count as having told of it', async () => {
    const { end, told } = await hanging((response) => void response.writeHead(204).end());
    end();
    await house.change('z');
    await until(() => told().includes('z'), 15_000);
    expect(told()).toEqual(expect.arrayContaining(['q', 'z']));
  }, 40_000);

  test('does not end that it is tried again', async () => {
    let refuses = true;
    const { end, told } = await hanging((response) => void response.writeHead(refuses ? 503 : 204).end());
    end();
    await until(() => told().includes('p'));
    refuses = false;
    await until(() => told().includes('q'), 15_000);
  }, 40_000);
});

test('a log without any common place is followed from its head, and the subscription says that changes may be missing', async () => {
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store: behind() });
  // The subscription, and with it the first mark of its shard, stands behind the beginning, which every log has.
  await house.change('before');
  const id = await house.subscribe(to.url);
  await house.deliverer();
  await house.change('x');
  await until(() => to.all.length === 1);
  const row = await house.row(id);
  const [document, secret] = [await current.get('delivery', id), await current.get('deliverySecret', id)];
  const next = await openEmbeddedStore({ file: file('second') });
  const made = { change: 'created', baseline: false, marks: [] } as const;
  const other = { ...row, object: 'ResourceType', id: 'other', identity: 'other', value: {} };
  // Its head is no further than the subscription was, which passed nothing of it all the same.
  await next.append({
    entries: [
      { ...row, ...made, after: row },
      { ...other, ...made, after: other },
    ],
  });
  await next.put('delivery', id, document!.value, 0);
  await next.put('deliverySecret', id, secret!.value, 0);
  await next.close();
  await failOver('second');
  await house.change('x');
  await until(async () => (await house.row(id)).value['state'] === 'degraded', 15_000);
  expect((await house.row(id)).value['stateReason']).toMatch(/rewritten; changes between may be missing/);
  await house.change('x');
  await until(() => to.all.length >= 2);
  expect((await house.row(id)).value['state']).toBe('degraded');
}, 30_000);

test('changes that were trimmed away before they were told are not passed over in silence', async () => {
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store: behind() });
  const id = await house.subscribe(to.url);
  await house.change('x', 'x', 'x');
  await current.trim({ hours: 1, bytes: 1 });
  await house.deliverer();
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  expect((await house.row(id)).value['stateReason']).toMatch(/trimmed/);
  await house.change('x');
  await until(() => numbers().includes(4));
  await house.rewrite(id, { state: 'active', stateReason: undefined });
  await house.change('x');
  await until(() => numbers().includes(5));
  expect((await house.row(id)).value['state']).toBe('active');
});

test('a subscription that has yet to find its place in the new log as its process ends is told of all that stands in it', async () => {
  let held: string | undefined;
  const reading = async (...[from, limit]: Parameters<Store['read']>) => {
    while (formatPosition(from) === held) await new Promise((resolve) => setTimeout(resolve, 10));
    return current.read(from, limit);
  };
  const store = new Proxy(behind(), {
    get: (target, name: keyof Store) => (name === 'read' ? reading : target[name]),
  });
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store });
  const id = await house.subscribe(to.url);
  const first = await house.deliverer();
  await house.change('x');
  await until(() => to.all.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await keep();
  // Its place is the fourth of five that are lost.
  await house.change('x', 'x', 'x', 'x');
  const stored = async () => (await current.get('delivery', id))!;
  const head = formatPosition(await current.head());
  await until(async () => numbers().includes(5) && (await stored()).value['position'] === head);
  to.behave(answer(503));
  await house.change('x');
  await until(async () => (await stored()).value['failing'] !== undefined);
  first.abandon();
  const owed = (await stored()).value;
  await failOver('second');
  // Where it stands was replicated, what it passed was not.
  await current.put('delivery', id, owed, (await stored()).revision);
  held = String(owed['position']);
  await house.change('x');
  const second = await house.deliverer();
  await until(() => second.state().subscriptions === 1, 20_000);
  await house.change('x');
  await new Promise((resolve) => setTimeout(resolve, 1200));
  second.abandon();
  held = undefined;
  to.behave(good);
  await house.change('x', 'x', 'x', 'x');
  await house.deliverer();
  await until(() => to.all.some(({ taken, body }) => taken && body.n === 12), 20_000);
  const told = new Set(to.all.filter(({ taken }) => taken).map(({ body }) => body.n));
  expect([7, 8, 9, 10, 11, 12].filter((n) => !told.has(n))).toEqual([]);
}, 60_000);

test('a subscription whose filter cannot be asked finds its place in the new log all the same, and keeps no mark back', async () => {
  let breaks = false;
  const broken: Matching = {
    ...matching,
    compile: (subscriber) => ({
      matches(event) {
        if (breaks) throw new Error('It cannot be asked.');
        return matching.compile(subscriber).matches(event);
      },
    }),
  };
  current = await openEmbeddedStore({ file: file('first') });
  house = await world({ store: behind() });
  const id = await house.subscribe(to.url);
  const first = await house.deliverer({ matching: broken });
  await house.change('x');
  await until(() => to.all.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await keep();
  await house.change('x', 'x', 'x', 'x');
  await until(() => numbers().includes(5));
  breaks = true;
  await house.change('x');
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  await failOver('second');
  for (let n = 0; n < 3; n += 1) {
    await house.change('x');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const mark = async () => (await current.get('deliveryMark', String(shardOf(id))))?.value['position'];
  await until(async () => (await mark()) === formatPosition(await current.head()), 20_000);
  expect(numbers()).not.toContain(7);
  first.abandon();
  await house.deliverer();
  await house.rewrite(id, { state: 'active', stateReason: undefined });
  await until(() => numbers().includes(9), 20_000);
  expect([7, 8, 9].filter((n) => !numbers().includes(n))).toEqual([]);
}, 60_000);
