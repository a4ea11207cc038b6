import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { manualClock } from '#platform/testing/manual-clock.js';
import type { Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { until, world, type World } from '../testing/deliveries.js';
import { answer, good, receiver, type Receiver } from '../testing/receiver.js';
import { kinds, progressOf, shardCount } from './documents.js';
import { retryPolicy } from './policy.js';

let store: Store;
let house: World;
let to: Receiver;
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  house = await world({ store });
  to = await receiver();
});
afterEach(async () => {
  await house.close();
  await to.close();
});

/** Leases that a test can wait for. */
const brief = { shards: { ttl: 1500 } };

const held = async (deliverers: readonly { state(): { shards: number } }[], wanted: readonly number[]) =>
  until(() => deliverers.map((each) => each.state().shards).join() === wanted.join());

describe('shards', () => {
  test('are shared out among all who deliver, and taken over from who is gone', async () => {
    const first = await house.deliverer(brief);
    expect(first.state().shards).toBe(shardCount);
    const second = await house.deliverer(brief);
    await held([first, second], [8, 8]);
    const third = await house.deliverer(brief);
    await until(() => [first, second, third].every((each) => each.state().shards >= 4));
    await until(() => [first, second, third].reduce((sum, each) => sum + each.state().shards, 0) === shardCount);
    await third.stop();
    await held([first, second], [8, 8]);
    second.abandon();
    await held([first], [shardCount]);
  });
});

describe('a shard that another should have', () => {
  test('is given although its place cannot be stored: a failover may come just then', async () => {
    await house.subscribe(to.url);
    const first = await house.deliverer({ ...brief, store: { ...store, put: allBut(kinds.mark, store) } });
    const second = await house.deliverer(brief);
    await held([first, second], [8, 8]);
    await first.stop();
    await held([second], [shardCount]);
    await house.change('x');
    await until(() => to.all.some(({ taken }) => taken));
  });

  test('is given although a callback does not answer: nothing else of it is told meanwhile', async () => {
    to.behave(() => undefined);
    // So many that nearly every shard has one, most of which wait for a place at the callback.
    await Promise.all(Array.from({ length: 40 }, () => house.subscribe(to.url)));
    const first = await house.deliverer({ ...brief, drain: 200 });
    await house.change('x');
    await until(() => to.all.length === 1);
    const second = await house.deliverer(brief);
    await held([first, second], [8, 8]);
  });
});

describe('a shard of one who stops', () => {
  test('is its own until what is under way is answered, though that takes longer than a lease lasts', async () => {
    to.behave((response) => void setTimeout(() => response.writeHead(204).end(), 1.5 * brief.shards.ttl));
    await house.subscribe(to.url);
    const first = await house.deliverer(brief);
    await house.change('x');
    await until(() => to.all.length === 1);
    const stopping = first.stop();
    const second = await house.deliverer(brief);
    await stopping;
    await held([first, second], [0, shardCount]);
    await house.change('y');
    await until(() => to.all.at(-1)!.body.object === 'y');
    expect(to.all.map(({ body }) => body.object)).toEqual(['x', 'y']);
  });
});

describe('what is said of a stop', () => {
  const stopped = async (more: Partial<Store>, drain = 1000) => {
    await house.subscribe(to.url);
    const deliverer = await house.deliverer({ ...brief, drain, store: { ...store, ...more } });
    await house.change('x');
    await until(() => to.all.length === 1);
    return deliverer;
  };

  test('is nothing when all of it was done, though something waited', async () => {
    // What a crash left is swept away after a minute, and what a paused one is to be sent again waits for it.
    await store.put(kinds.deadLetter, 'gone/1', {}, 0);
    const paused = await house.subscribe(to.url, { state: 'paused' });
    await store.put(kinds.deadLetter, `${paused}/${'1'.padStart(16, '0')}`, {}, 0);
    await house.deliveries.replay(house.subscriber(paused), { deadLetters: 'all' }, new AbortController().signal);
    const deliverer = await stopped({});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await deliverer.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await store.ids(kinds.replay)).toHaveLength(1);
    expect(house.logged).toEqual([]);
  });

  test('is that a place was not stored, and that a lease was not given back', async () => {
    let away = false;
    const unless = <T>(work: () => Promise<T>): Promise<T> => (away ? refused() : work());
    const deliverer = await stopped({
      put: (...given) => (given[0] === kinds.mark ? unless(() => store.put(...given)) : store.put(...given)),
      release: (lease) => unless(() => store.release(lease)),
    });
    await until(() => to.all.some(({ taken }) => taken));
    away = true;
    // Something that no mark has passed yet.
    const stopping = deliverer.stop();
    await house.change('y');
    await stopping;
    const said = new Set(house.logged.map((line) => line.split(/[.:]/, 1)[0]));
    expect(said).toContain('A shard could not be given back');
    expect(said).toContain('The place of a shard could not be stored');
  });

  test('is that notifications were not finished in time', async () => {
    to.behave(() => undefined);
    const deliverer = await stopped({}, 100);
    await deliverer.stop();
    expect(house.logged).toEqual([expect.stringContaining('with notifications unfinished')]);
  });

  test('is not that deliveries wait, or are looked for again', async () => {
    let away = false;
    const read: Store['read'] = (...given) => (away ? refused() : store.read(...given));
    to.behave((response) => void setTimeout(() => response.writeHead(204).end(), 300));
    const deliverer = await stopped({ read });
    away = true;
    const stopping = deliverer.stop();
    await house.change('y');
    await stopping;
    expect(new Set(house.logged)).toEqual(new Set(['The log could not be read. Error: The store is away.']));
  });
});

describe('a shard that cannot be opened', () => {
  test('is opened again, though its lease was in doubt just then', async () => {
    const clock = manualClock(Date.now());
    let away = false;
    // It outlasts what is believed of it.
    const lease: Store['lease'] = (name, holder, ttl) => (away ? refused() : store.lease(name, holder, 100 * ttl));
    const reached = (position: Position) => (lost ? refused() : house.subscribers.reached(position));
    let lost = true;
    const deliverer = await house.deliverer({
      clock,
      store: { ...store, lease },
      shards: { ttl: 400 },
      subscribers: { ...house.subscribers, reached },
    });
    away = true;
    await house.subscribe(to.url);
    // Longer than the lease is believed in.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await clock.advance(1000);
    away = lost = false;
    await house.change('x');
    await until(async () => {
      await clock.advance(1000);
      return to.all.some(({ taken: told }) => told);
    });
    expect(deliverer.state().shards).toBe(shardCount);
  });
});

function refused(): Promise<never> {
  return Promise.reject(new Error('The store is away.'));
}

/** Writes all but one kind of documents. */
function allBut(kind: string, { put }: Store): Store['put'] {
  return (...given) => (given[0] === kind ? refused() : put(...given));
}

describe('who takes over', () => {
  test('goes on where the other stood: nothing is lost or out of order, what comes twice has the same id', async () => {
    to.behave((response) => void setTimeout(() => response.writeHead(204).end(), 3));
    const ids = await Promise.all(Array.from({ length: 6 }, () => house.subscribe(to.url)));
    const change = async (count: number) => {
      for (let n = 0; n < count; n += 1) await house.change('x');
    };
    let current = await house.deliverer(brief);
    for (let round = 0; round < 4; round += 1) {
      const changing = change(40);
      await until(() => to.all.length > (round + 1) * 80);
      current.abandon();
      current = await house.deliverer(brief);
      await changing;
    }
    await until(async () => {
      const all = await Promise.all(ids.map((id) => house.deliveries.status(house.subscriber(id))));
      return all.every(({ lagEvents }) => lagEvents === 0);
    });
    expect(new Set(to.all.map(({ id }) => id)).size).toBe(6 * 160);
    for (const known = new Map<string, number>(); to.all.length > 0;) {
      const { id, body } = to.all.shift()!;
      expect(known.get(id) ?? body.n).toBe(body.n);
      known.set(id, body.n);
    }
  }, 60_000);

  test('of a deliverer that was stopped in good order sends nothing twice', async () => {
    for (let n = 0; n < 5; n += 1) await house.subscribe(to.url);
    let current = await house.deliverer();
    for (let n = 0; n < 60; n += 1) {
      await house.change('x');
      if (n % 20 !== 10) continue;
      await current.stop();
      current = await house.deliverer();
    }
    await until(() => to.all.length >= 300);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(to.all).toHaveLength(300);
    expect(new Set(to.all.map(({ id }) => id)).size).toBe(300);
  });

  test('in an outage tries again as soon as its age allows, though eight failed at once before and after', async () => {
    const clock = manualClock(Date.now());
    const clocked = { ...brief, clock, policy: retryPolicy };
    to.behave(answer(500));
    const id = await house.subscribe(to.url, { ordering: 'resource' });
    const first = await house.deliverer(clocked);
    await house.change(...Array.from({ length: 8 }, (_, n) => `o${n}`));
    await until(async () => {
      await clock.advance(1);
      return progressOf((await store.get(kinds.delivery, id))!.value).health?.failures === 8;
    });
    first.abandon();
    await clock.advance(10_000);
    await house.deliverer(clocked);
    await until(() => to.all.length === 16);
    to.behave(good);
    // The second pause and a fifth: nobody was told for as long as a notification alone would have waited.
    await clock.advance(12_000);
    await until(() => to.all.filter(({ taken }) => taken).length === 8);
  });

  test('is not disturbed by who wakes up late: it writes nothing and posts nothing more', async () => {
    to.behave(answer(500));
    const id = await house.subscribe(to.url);
    let state: 'awake' | 'asleep' | 'late' = 'awake';
    const written: string[] = [];
    const slow: Store = {
      ...store,
      // A paused process renews nothing.
      async lease(name, holder, ttl) {
        if (state === 'asleep') throw new Error('Asleep.');
        return state === 'late' ? undefined : store.lease(name, holder, ttl);
      },
      async put(kind, key, value, expected, how) {
        const revision = await store.put(kind, key, value, expected, how);
        if (state === 'late' && revision !== undefined) written.push(kind);
        return revision;
      },
    };
    const late = await house.deliverer({ ...brief, store: slow, policy: { pauses: [30], jitter: 0 } });
    await house.change('x');
    await until(() => to.all.length > 0);
    state = 'asleep';
    const next = await house.deliverer(brief);
    await until(() => next.state().shards === shardCount);
    to.behave(good);
    await until(() => to.all.at(-1)!.taken);
    const posted = to.all.length;
    state = 'late';
    await house.change('x');
    await until(async () => (await house.deliveries.status(house.subscriber(id))).delivered === 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(to.all.length).toBe(posted + 1);
    expect(written.filter((kind) => kind !== 'deliveryMember')).toEqual([]);
    expect(late.state()).toMatchObject({ shards: 0, underWay: 0 });
  });
});
