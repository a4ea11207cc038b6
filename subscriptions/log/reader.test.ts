import { expect, test } from '@jest/globals';
import { origin, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { changeOf } from '../testing/events.js';
import { logReader } from './reader.js';
import { Recent } from './recent.js';

const caughtUp = () => Promise.resolve();

/** Reads a long log of entries of a size, whose end is not in memory; a read of the store gives `most` at once. */
function readerOf(size: number, most = 256) {
  const before = { text: 'x'.repeat(size) };
  const log = Array.from({ length: 20_000 }, (_each, index) =>
    changeOf({ object: 'Resource', kind: 'deleted', before, seq: index + 1 }),
  );
  const reads: number[] = [];
  const store: Pick<Store, 'read'> = {
    read: ({ seq }, limit) => {
      reads.push(seq);
      const changes = log.slice(seq, seq + Math.min(limit, most));
      return Promise.resolve({ outcome: 'read', changes, ...(limit > most && { more: true as const }) });
    },
  };
  const position = log.at(-1)!.position;
  const tail = { position, recent: new Recent(position, { entries: 1, bytes: 1 }), caughtUp };
  const reader = logReader(store as Store, { tail: () => tail, entryOf: (change) => ({ change }) });
  const read = async (from: Position) => {
    const found = await reader.after(from);
    if (found.outcome !== 'read') throw new Error(found.outcome);
    return found.entries.map(({ change }) => change.position);
  };
  const place = (seq: number) => (seq === 0 ? origin : log[seq - 1]!.position);
  return { reads, place, read };
}

test.each(['t', 'another'])(
  'what stands at the place of the tail is given only if it is what the tail has passed: %s',
  async (tag) => {
    const log = [1, 2, 3].map((seq) => changeOf({ object: 'Resource', kind: 'deleted', before: {}, seq }));
    const store: Pick<Store, 'read'> = {
      read: ({ seq }) => Promise.resolve({ outcome: 'read', changes: log.slice(seq) }),
    };
    const position = { seq: 2, tag };
    const tail = { position, recent: new Recent(position, { entries: 1, bytes: 1 }), caughtUp };
    const reader = logReader(store as Store, { tail: () => tail, entryOf: (change) => ({ change }) });
    const { outcome } = await reader.after(origin);
    expect(outcome).toBe(tag === 't' ? 'read' : 'rewritten');
  },
);

test('nothing is given of a log that ends before the tail: it is another one', async () => {
  const log = [1, 2, 3].map((seq) => changeOf({ object: 'Resource', kind: 'deleted', before: {}, seq }));
  const store: Pick<Store, 'read'> = {
    read: ({ seq }) => Promise.resolve({ outcome: 'read', changes: log.slice(seq) }),
  };
  const position = { seq: 4, tag: 't' };
  const tail = { position, recent: new Recent(position, { entries: 1, bytes: 1 }), caughtUp };
  const reader = logReader(store as Store, { tail: () => tail, entryOf: (change) => ({ change }) });
  expect(await reader.after(log[0]!.position)).toEqual({ outcome: 'rewritten' });
  expect(await reader.after(log[2]!.position)).toEqual({ outcome: 'rewritten' });
});

test('who asks when the log was rewritten is given nothing that was being read of the former one', async () => {
  const logs = ['t', 'another'].map((tag) =>
    [1, 2].map((seq) => ({ ...changeOf({ object: 'Resource', kind: 'deleted', before: {} }), position: { seq, tag } })),
  );
  const held = logs.map(() => Promise.withResolvers<void>());
  let current = 0;
  const store: Pick<Store, 'read'> = {
    async read({ seq }) {
      const asked = current;
      await held[asked]!.promise;
      return { outcome: 'read', changes: logs[asked]!.slice(seq) };
    },
  };
  const end = () => logs[current]!.at(-1)!.position;
  const tail = () => ({ position: end(), recent: new Recent(end(), { entries: 1, bytes: 1 }), caughtUp });
  const reader = logReader(store as Store, { tail, entryOf: (change) => ({ change }) });
  const tagsOf = async () => {
    const found = await reader.after(origin);
    return found.outcome === 'read' && found.entries.map(({ change }) => change.position.tag);
  };
  const former = tagsOf();
  current = 1;
  reader.forget();
  const next = tagsOf();
  held[0]!.resolve();
  expect(await former).toEqual(['t', 't']);
  // It is not let go with the former read, either.
  const third = tagsOf();
  held[1]!.resolve();
  expect(await Promise.all([next, third])).toEqual([
    ['another', 'another'],
    ['another', 'another'],
  ]);
});

test('who comes with a place of another log than the tail follows is answered when the tail knows', async () => {
  const [former, other] = ['t', 'another'].map((tag) => ({ seq: 2, tag })) as [Position, Position];
  let follows = { position: former, recent: new Recent(former, { entries: 1, bytes: 1 }) };
  const store: Pick<Store, 'read'> = { read: () => Promise.resolve({ outcome: 'read', changes: [] }) };
  let found = 0;
  const findOut = () => {
    found += 1;
    follows = { position: other, recent: new Recent(other, { entries: 1, bytes: 1 }) };
    return Promise.resolve();
  };
  const tail = () => ({ ...follows, caughtUp: findOut });
  const reader = logReader(store as Store, { tail, entryOf: (change) => ({ change }) });
  expect(await reader.after(other)).toEqual({ outcome: 'read', entries: [] });
  await reader.after(other);
  expect(found).toBe(1);
});

test('32 pieces are kept, those that were read last', async () => {
  const { reads, place, read } = readerOf(100);
  for (let number = 0; number < 33; number += 1) await read(place(256 * number));
  for (let number = 1; number < 33; number += 1) await read(place(256 * number));
  expect(reads).toHaveLength(33);
  await read(place(0));
  expect(reads).toHaveLength(34);
});

test('of pieces of large entries fewer are kept, 32 MiB of them; what is larger alone is given and not kept', async () => {
  // A piece counts 20 MB.
  const large = readerOf(40_000);
  for (const number of [0, 0, 1, 1, 0]) expect(await large.read(large.place(256 * number))).toHaveLength(256);
  expect(large.reads).toStrictEqual([0, 256, 0]);
  const larger = readerOf(100_000);
  for (const _each of [0, 0]) expect(await larger.read(origin)).toHaveLength(256);
  expect(larger.reads).toStrictEqual([0, 0]);
});

test('where the store gives less than a piece, what goes on from it is kept with it', async () => {
  const { reads, place, read } = readerOf(100, 100);
  for (const seq of [0, 100, 200]) await read(place(seq));
  expect(await read(place(10))).toStrictEqual(Array.from({ length: 246 }, (_each, index) => place(11 + index)));
  expect(reads).toStrictEqual([0, 100, 200]);
  // Both are too large together.
  const large = readerOf(100_000, 100);
  for (const seq of [0, 100, 120, 0]) await large.read(large.place(seq));
  expect(large.reads).toStrictEqual([0, 100, 0]);
});
