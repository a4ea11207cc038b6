import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import { systemClock } from '#platform/clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { placeSince } from './places.js';

const minute = 60_000;
const batches = 60;
const perBatch = 50;
const never = new AbortController().signal;

let store: Store;
/** Of the log, three pages of a look for a time. */
let changes: readonly Change[];
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  for (let batch = 0; batch < batches; batch += 1) {
    await store.append({ entries: Array.from({ length: perBatch }, (_, n) => entry(`${batch}-${n}`)) });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const read = await store.read(origin, batches * perBatch);
  if (read.outcome !== 'read') throw new Error(read.outcome);
  changes = read.changes;
});
afterEach(() => store.close());

function entry(id: string): Entry {
  const place = { object: 'ResourceType', id, tenant: null, instance: 'east' };
  const after = { ...place, identity: id, value: { resourceTypeId: id }, projection: 'p' };
  return { ...place, change: 'created', baseline: false, after, marks: [] };
}

type Trail = Parameters<typeof placeSince>[2];

const since = (time: number, trail: Trail = []) =>
  placeSince({ store, clock: systemClock }, new Date(time).toISOString(), trail, never);
const timeOf = (index: number) => Date.parse(changes[index]!.at);
/** The last one before a time; without one, where the log begins. */
const before = (time: number): Position =>
  changes.findLast(({ at }) => Date.parse(at) < time)?.position ?? { ...origin };
/** In every fourth batch, none of them at the beginning. */
const middles = Array.from({ length: batches / 4 - 1 }, (_, each) => 4 * (each + 1) * perBatch + 7);

describe('a time in the middle of the log', () => {
  test('is found to the change, whichever page it is on', async () => {
    for (const index of middles) {
      const time = timeOf(index);
      expect(await since(time)).toEqual(before(time));
      expect(await since(time + 1)).toEqual(before(time + 1));
    }
    expect(before(timeOf(middles.at(-1)!)).seq).toBeGreaterThan(2000);
  });

  test('is looked for from the nearest place before it that is known and stands', async () => {
    for (const index of middles) {
      const time = timeOf(index);
      const { position } = changes[index - perBatch]!;
      const known = { position, at: time - 2 * minute };
      const lost = { position: { seq: position.seq + 1, tag: 'lost' }, at: time - 1.5 * minute };
      // Clocks of those who pass may differ: what was passed within a minute of it may be behind it.
      const near = { position: changes.at(-1)!.position, at: time - minute / 2 };
      expect(await since(time, [known, near, lost])).toEqual(before(time));
    }
  });

  test('does not go back behind a place that was passed before it', async () => {
    const time = timeOf(100);
    const passed = changes.at(-1)!.position;
    expect(await since(time, [{ position: passed, at: time - 2 * minute }])).toEqual(passed);
  });

  test('is found in what a trimmed log has left, and before that it is gone', async () => {
    await store.trim({ hours: 24, bytes: 150_000 });
    const read = await store.read(origin, 1);
    const oldest = read.outcome === 'gone' ? read.oldest.position : origin;
    expect([oldest.seq > perBatch, oldest.seq < changes.length - perBatch]).toEqual([true, true]);
    const left = middles.filter((index) => timeOf(index) > timeOf(oldest.seq));
    for (const index of left) expect(await since(timeOf(index))).toEqual(before(timeOf(index)));
    const [known, time] = [{ position: oldest, at: timeOf(7) - 2 * minute }, timeOf(left[0]!)];
    expect(await since(time, [known])).toEqual(before(time));
    await expect(since(timeOf(7))).rejects.toMatchObject({ code: 'GONE', detail: { at: 'since' } });
    await expect(
      since(timeOf(7), [{ position: changes[0]!.position, at: timeOf(7) - 2 * minute }]),
    ).rejects.toMatchObject({ code: 'GONE' });
  });
});
