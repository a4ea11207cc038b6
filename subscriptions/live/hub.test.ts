import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatPosition, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import type { ToldEvent } from '../log/told-event.js';
import { work } from '#platform/testing/busiest-turn.js';
import { until } from '../testing/deliveries.js';
import type { Stream } from './stream.js';
import { audience, memory, swapped, type Audience, type Listener } from '../testing/listeners.js';

const idsOf = ({ heard }: Listener) => heard.map(({ what }) => what.split(' ')[0]);
const tellsGaps = {
  key: 'with gaps',
  tellGap: ({ reason, position }: { reason: string; position: Position }) =>
    Promise.resolve(`${reason} ${formatPosition(position)}`),
};

test('everybody who asked alike is told the same text, made once', async () => {
  const house = await audience(await memory());
  const listeners = Array.from({ length: 50 }, () => house.listen());
  await house.happen('a', 'b');
  await until(() => listeners.every(({ heard }) => heard.length === 2));
  expect(house.made.count).toBe(2);
  expect([house.hub.size, house.hub.has('all')]).toEqual([1, true]);
  for (const { leave } of listeners) leave();
  expect([house.hub.size, house.hub.has('all')]).toEqual([0, false]);
  await house.close();
});

test('who resumes is told what came behind its position, then goes on with the others', async () => {
  const house = await audience(await memory());
  const positions = await house.happen(...Array.from({ length: 600 }, (_each, index) => `x${index}`));
  const since = house.listen({}, positions[99]);
  await until(() => since.heard.length === 500);
  await house.happen('last');
  await until(() => since.heard.length === 501);
  expect(idsOf(since).slice(0, 2)).toEqual(['x100', 'x101']);
  expect(idsOf(since).at(-1)).toBe('last');
  await house.close();
});

test('nothing is kept for who takes nothing: what it missed is read from the log when it rests', async () => {
  const house = await audience(await memory());
  const [slow, quick] = [house.listen({}, undefined, 3), house.listen()];
  for (let index = 0; index < 40; index += 1) await house.happen(`x${index}`);
  await until(() => quick.heard.length === 40);
  expect(slow.heard.length).toBe(3);
  slow.rest(10);
  await until(() => slow.heard.length === 13);
  slow.rest(Infinity);
  await until(() => slow.heard.length === 40);
  expect(idsOf(slow)).toEqual(idsOf(quick));
  await house.close();
});

test('who takes a little at a time has nothing made for it twice, however long the texts are', async () => {
  const house = await audience(await memory());
  const [since] = await house.happen('before');
  await house.happen(...Array.from({ length: 60 }, (_each, index) => `x${index}`));
  let made = 0;
  const tell = ({ change }: ToldEvent) => {
    if (change.id !== 'before') made += 1;
    return Promise.resolve(String(made).padEnd(512 * 1024));
  };
  const slow = house.listen({ tell }, since, 1);
  for (let told = 1; told < 60; told += 1) {
    await until(() => slow.heard.length === told);
    slow.heard.fill({ position: since!, what: '', bytes: 0 });
    // Nothing is made for who rests, but what it is told next.
    expect(made).toBeLessThan(told + 16);
    slow.rest(1);
  }
  await until(() => slow.heard.length === 60);
  expect(made).toBe(60);
  await house.close();
});

test('a position of another log is a gap: told as such, or the end', async () => {
  const house = await audience(await memory());
  await house.happen('a');
  const foreign = { seq: 77, tag: 'zz' };
  const [told, ended] = [house.listen(tellsGaps, foreign), house.listen({}, foreign)];
  await until(() => told.heard.length === 1 && ended.ended.length === 1);
  expect(ended.ended).toEqual(['GONE']);
  expect(ended.heard).toEqual([]);
  await house.happen('b');
  await until(() => told.heard.length === 2);
  expect(idsOf(told)).toEqual(['REWRITTEN', 'b']);
  await house.close();
});

test('a position that was trimmed away is a gap', async () => {
  const store = await memory();
  const house = await audience(store);
  const [first] = await house.happen('a');
  for (let index = 0; index < 40; index += 1) await house.happen(`x${index}`);
  await store.trim({ hours: 24, bytes: 1 });
  const late = house.listen(tellsGaps, first);
  await until(() => late.heard.length === 1);
  expect(idsOf(late)).toEqual(['TRIMMED']);
  await house.close();
});

test('a log that is rewritten under its listeners is a gap for all of them, and shorter positions are told', async () => {
  const around = swapped(await memory());
  const house = await audience(around.store);
  const [told, ended] = [house.listen(tellsGaps), house.listen()];
  for (let index = 0; index < 30; index += 1) await house.happen(`x${index}`);
  await until(() => told.heard.length === 30 && ended.heard.length === 30);
  await around.swap(await memory());
  await until(() => told.heard.length === 31 && ended.ended.length === 1);
  await house.happen('y');
  await until(() => told.heard.length === 32);
  expect(idsOf(told).slice(-2)).toEqual(['REWRITTEN', 'y']);
  await house.close();
});

test('a text that cannot be made is made again after a second, and nobody misses it', async () => {
  const house = await audience(await memory());
  let fails = 1;
  const listener = house.listen({
    key: 'failing',
    tell: ({ change }) => (fails-- > 0 ? Promise.reject(new Error('not now')) : Promise.resolve(change.id)),
  });
  await house.happen('a', 'b');
  await until(() => listener.heard.length === 2);
  expect(idsOf(listener)).toEqual(['a', 'b']);
  expect(house.failures).toEqual([]);
  await house.close();
});

test('of what can never be told a gap is told, once; where none can be told the stream ends, and others go on', async () => {
  const house = await audience(await memory());
  const tell = ({ change: { id } }: ToldEvent) =>
    id === 'b' ? Promise.reject(new Error('never')) : Promise.resolve(id);
  const told = house.listen({ ...tellsGaps, tell });
  const [ended, other] = [house.listen({ key: 'without gaps', tell }), house.listen()];
  const [first, second] = await house.happen('a', 'b', 'c');
  await until(() => told.heard.length === 3 && ended.ended.length === 1 && other.heard.length === 3);
  expect(told.heard.map(({ what }) => what)).toEqual(['a', `FAILED ${formatPosition(second!)}`, 'c']);
  expect([idsOf(ended), ended.ended]).toEqual([['a'], ['INTERNAL']]);
  const late = house.listen({ ...tellsGaps, tell }, first);
  await until(() => late.heard.length === 2);
  expect(late.heard).toEqual(told.heard.slice(1));
  expect(house.failures.length).toBe(2);
  const back = house.listen({ key: 'without gaps', tell }, first);
  await until(() => back.ended.length === 1);
  expect([back.heard, back.ended]).toEqual([[], ['INTERNAL']]);
  await house.close();
});

type Step =
  | { readonly do: 'happen'; readonly count: number }
  | { readonly do: 'join'; readonly back: number; readonly room: number; readonly of: keyof typeof asked }
  | { readonly do: 'rest'; readonly which: number; readonly room: number }
  | { readonly do: 'pause' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('happen' as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    do: fc.constant('join' as const),
    back: fc.integer({ min: 0, max: 60 }),
    room: fc.integer({ min: 0, max: 30 }),
    of: fc.constantFrom('all' as const, 'sevens' as const, 'dear' as const),
  }),
  fc.record({ do: fc.constant('rest' as const), which: fc.nat(5), room: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ do: fc.constant('pause' as const) }),
);

const isSeventh = (id: string) => Number(id) % 7 === 0;

/** Of every seventh change: it is found by its key, and handed nothing else. */
const sevens: Partial<Stream<string>> = {
  key: 'sevens',
  wants: ({ change }) => isSeventh(change.id),
  anyOf: {
    object: 'Resource',
    keys: Array.from({ length: 500 }, (_each, index) => ({ attribute: 'resourceId', value: String(7 * index) })),
  },
};

const asked: Readonly<Record<'all' | 'sevens' | 'dear', Partial<Stream<string>>>> = {
  all: {},
  sevens,
  // Of another tenant, which is behind the others with what it is asked.
  dear: { key: 'dear', tenant: 'red', wants: () => work(0.05) === undefined },
};

/** Joins with everything that must be heard from there. */
interface Joined {
  readonly listener: Listener;
  readonly from: number;
  readonly of: keyof typeof asked;
}

async function follow(house: Audience, steps: readonly Step[]): Promise<void> {
  const log: Position[] = [];
  const joined: Joined[] = [];
  for (const each of steps) {
    if (each.do === 'happen')
      log.push(
        ...(await house.happen(...Array.from({ length: each.count }, (_each, index) => `${log.length + index}`))),
      );
    else if (each.do === 'join' && log.length > 0) {
      const from = Math.max(1, log.length - each.back);
      const listener = house.listen(asked[each.of], log[from - 1], each.room);
      joined.push({ listener, from, of: each.of });
    } else if (each.do === 'rest') joined[each.which]?.listener.rest(each.room);
    else await new Promise((resolve) => setTimeout(resolve, 2));
  }
  for (const { listener } of joined) listener.rest(Infinity);
  const owed = joined.map(({ listener, from, of }) => {
    const wanted = log.filter((_each, index) => index >= from && (of !== 'sevens' || isSeventh(String(index))));
    return { listener, seqs: wanted.map(({ seq }) => seq) };
  });
  await until(() => owed.every(({ listener, seqs }) => listener.heard.length >= seqs.length));
  for (const { listener, seqs } of owed) expect(listener.heard.map(({ position }) => position.seq)).toEqual(seqs);
}

test('whatever happens in whatever order, everybody hears everything behind its position once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const house = await audience(await memory());
      await follow(house, steps).finally(() => house.close());
    }),
    { numRuns: 40 },
  );
});

test('who is far behind is told of every object what it is now, each once, and then everything', async () => {
  const house = await audience(await memory());
  const [first] = await house.happen('before');
  for (let batch = 0; batch < 30; batch += 1)
    await house.happen(...Array.from({ length: 100 }, (_each, index) => `x${index}`));
  const slow = house.listen({}, first, 40);
  await until(() => slow.heard.length === 40);
  await house.happen('x7', 'y');
  slow.rest(Infinity);
  await until(() => slow.heard.at(-1)?.what.startsWith('y ') === true);
  const seqs = slow.heard.map(({ position }) => position.seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(idsOf(slow)).toEqual([...Array.from({ length: 100 }, (_each, index) => `x${index}`), 'x7', 'y']);
  await house.close();
});

test('without any wake-up everything is told within two seconds', async () => {
  const store = await memory();
  const deaf: Store = new Proxy(store, {
    get: (target, name: keyof Store) =>
      name === 'onAppend' ? () => () => undefined : (target[name] as () => unknown).bind(target),
  });
  const house = await audience(deaf);
  const listener = house.listen();
  for (let index = 0; index < 20; index += 1) await house.happen(`x${index}`);
  // By a timer and some turns of the loop, which are late with everything else on a busy machine.
  await sleep(2000);
  for (let turn = 0; turn < 100 && listener.heard.length < 20; turn += 1) await nextTurn();
  expect(listener.heard).toHaveLength(20);
  await house.close();
});

test('who is far behind is told when an object left what it wants, whatever happened to the object after that', async () => {
  const house = await audience(await memory());
  const [first] = await house.happen('before');
  const [leaves] = await house.happen('x');
  for (let batch = 0; batch < 20; batch += 1)
    await house.happen(...Array.from({ length: 100 }, (_each, index) => (index === 0 ? 'x' : `y${index}`)));
  const wants = ({ change }: ToldEvent) => change.id === 'x' && change.position.seq <= leaves!.seq;
  const listener = house.listen({ key: 'x while it was', wants }, first);
  await until(() => listener.heard.length === 1);
  expect(listener.heard[0]!.position).toEqual(leaves);
  await house.close();
});

test('a stream that takes long to make holds up no other, and is told everything in the end', async () => {
  const house = await audience(await memory());
  const gate = Promise.withResolvers<void>();
  const slow = house.listen({ key: 'slow', tell: ({ change }) => gate.promise.then(() => change.id) });
  const late = house.listen({ key: 'slow' });
  const quick = house.listen();
  const ids = Array.from({ length: 3000 }, (_each, index) => `x${index}`);
  for (let start = 0; start < ids.length; start += 100) await house.happen(...ids.slice(start, start + 100));
  await until(() => quick.heard.length === ids.length);
  expect(slow.heard).toEqual([]);
  gate.resolve();
  await until(() => [slow, late].every(({ heard }) => heard.length === ids.length));
  expect([idsOf(slow), idsOf(late)]).toEqual([ids, ids]);
  await house.close();
});

test('more than is kept while the view is behind is read from the log, by those who are found by a key too', async () => {
  const gate = Promise.withResolvers<void>();
  const house = await audience(await memory(), () => gate.promise);
  const [all, some] = [house.listen(), house.listen(sevens)];
  const ids = Array.from({ length: 3000 }, (_each, index) => `${index}`);
  // The last pieces hold none that is found by the key.
  for (let start = 0; start < ids.length; start += 100) await house.happen(...ids.slice(start, start + 100));
  await house.happen('3001', '3002');
  gate.resolve();
  await until(() => all.heard.length === 3002 && some.heard.length >= 429);
  expect(idsOf(some)).toEqual(ids.filter(isSeventh));
  expect(some.seat.position()).toEqual(all.seat.position());
  await house.close();
});

test('who is found by a key comes along with a log that has nothing for it', async () => {
  const house = await audience(await memory());
  const some = house.listen(sevens);
  const positions = await house.happen('1', '2', '3');
  await until(() => some.seat.position()?.seq === positions.at(-1)!.seq);
  await house.happen('7');
  await until(() => some.heard.length === 1);
  expect([idsOf(some), house.made.count]).toEqual([['7'], 1]);
  some.leave();
  expect(house.hub.size).toBe(0);
  await house.close();
});
