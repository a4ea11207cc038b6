import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { origin, type Position } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { sizeOf } from '../log/size.js';
import { Recent } from '../log/recent.js';
import { entryOf } from '../testing/deliveries.js';
import { lostOf, Relocation } from './relocation.js';

const rewritten = { outcome: 'rewritten' } as const;

let store: Store;
/** Every tenth of the log, newest first. */
let standing: readonly Position[];

beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  for (let batch = 0; batch < 40; batch += 1)
    await store.append({ entries: Array.from({ length: 10 }, (_, n) => entryOf(`${batch}`, n)) });
  const read = await store.read(origin, 1000);
  if (read.outcome !== 'read') throw new Error(read.outcome);
  standing = read.changes
    .filter((_, n) => n % 10 === 9)
    .map(({ position }) => position)
    .reverse();
});
afterEach(() => store.close());

/** Places of a tail that the log has lost, newest first. */
function lostFrom(seq: number, count: number): readonly Position[] {
  return Array.from({ length: count }, (_, n) => ({ seq: seq + count - n, tag: 'lost' }));
}

/** The end of a log in memory, of these places; newest first. */
function memory(places: readonly Position[]): Recent {
  const [base, ...rest] = [...places].reverse();
  const recent = new Recent(base!, { entries: 1000, bytes: 1e9 });
  for (const position of rest) {
    const change = { ...entryOf('x', 0), position, at: '' };
    recent.push({ change } as never, sizeOf(change as never));
  }
  return recent;
}

/** Relocates in a log of which so much is in memory: a tail that was lost, and what stands before it. */
function house() {
  let recent = memory(standing.slice(0, 2));
  let notices = () => undefined as void;
  const tail = {
    get position() {
      return standing[0]!;
    },
    get recent() {
      return recent;
    },
    caughtUp: () => Promise.resolve(notices()),
  };
  const relocation = new Relocation(store, () => tail);
  return { relocation, follow: (other: Recent) => (recent = other), noticing: (what: () => void) => (notices = what) };
}

describe('places that the log has lost', () => {
  test.each([0, 1, 7])('are %d before those that stand', async (count) => {
    const lost = lostFrom(standing[0]!.seq, count);
    expect(await lostOf(store, [...lost, ...standing])).toBe(count);
  });

  test('are not those that were trimmed away', async () => {
    await store.trim({ hours: 24, bytes: 8000 });
    const left = await Promise.all(standing.map(async (each) => (await store.read(each, 1)).outcome));
    // More than half of all: a search in halves begins there.
    expect(left.lastIndexOf('read')).toBeLessThan(standing.length / 2 - 2);
    expect(await lostOf(store, [...lostFrom(standing[0]!.seq, 1), ...standing])).toBe(1);
  });
});

describe('the place of a log that was rewritten', () => {
  test('is where both logs part, for all who were behind that', async () => {
    const { relocation } = house();
    const lost = lostFrom(standing[5]!.seq, 9);
    relocation.rewritten(memory([...lost, ...standing.slice(5, 9)]));
    let reads = 0;
    const { read } = store;
    store = Object.assign(store, { read: (...of: Parameters<Store['read']>) => ((reads += 1), read.apply(store, of)) });
    for (const place of lost)
      expect(await relocation.relocate(place, [], rewritten)).toEqual({ position: standing[5] });
    // Each asks whether its own place stands, and one looks for where they part.
    expect(reads).toBeLessThanOrEqual(lost.length + 5);
  });

  test('is no place of the log that is followed now, as far as that may have come', async () => {
    const { relocation } = house();
    const place = { seq: standing[0]!.seq, tag: 'lost' };
    relocation.rewritten(memory([place, ...lostFrom(standing[6]!.seq, 3), standing[6]!]));
    expect(await relocation.relocate(place, [], rewritten)).toEqual({ position: standing[6] });
  });

  test('is the last one that its shard has passed, where that is no longer in memory', async () => {
    const { relocation } = house();
    relocation.rewritten(memory(standing.slice(1, 3)));
    const place = { seq: standing[20]!.seq + 3, tag: 'lost' };
    const passed = [...lostFrom(place.seq, 2), ...lostFrom(standing[22]!.seq, 2), ...standing.slice(22)];
    expect(await relocation.relocate(place, passed, rewritten)).toEqual({ position: standing[22] });
  });

  test('is looked for when the tail knows that the log is another', async () => {
    const { relocation, follow, noticing } = house();
    const [place, ...lost] = lostFrom(standing[3]!.seq, 5);
    const former = memory([place!, ...lost, ...standing.slice(3, 5)]);
    follow(former);
    await expect(relocation.relocate(place!, standing, rewritten)).rejects.toThrow('being rewritten');
    noticing(() => {
      relocation.rewritten(former);
      follow(memory(standing.slice(0, 2)));
    });
    expect(await relocation.relocate(place!, standing, rewritten)).toEqual({ position: standing[3] });
  });

  test('is that place, if it stands', async () => {
    const { relocation } = house();
    relocation.rewritten(memory([...lostFrom(standing[5]!.seq, 2), ...standing.slice(5, 9)]));
    for (const place of [standing[4]!, standing[7]!])
      expect(await relocation.relocate(place, [], rewritten)).toEqual({ position: place });
  });

  test('is looked for again when the store was away', async () => {
    const { relocation } = house();
    const [place, ...lost] = lostFrom(standing[5]!.seq, 3);
    relocation.rewritten(memory([place!, ...lost, ...standing.slice(5, 9)]));
    const { read } = store;
    let asked = 0;
    const away = (...of: Parameters<Store['read']>) =>
      (asked += 1) === 2 ? Promise.reject(new Error('The store is away.')) : read.apply(store, of);
    store = Object.assign(store, { read: away });
    await expect(relocation.relocate(place!, [], rewritten)).rejects.toThrow('is away');
    expect(await relocation.relocate(place!, [], rewritten)).toEqual({ position: standing[5] });
  });
});
