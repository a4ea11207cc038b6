import { describe, expect, test } from '@jest/globals';
import { systemClock } from '#platform/clock.js';
import { createMetrics } from '#platform/metrics.js';
import type { Store } from '#platform/store/store.js';
import { measureLogAge } from '#src/gateway/log-age.js';
import { placeSince } from '#subscriptions/delivery/places.js';
import { entry, eventually, readAll, writeOne, type Open } from './fixtures.js';

/** What is said of a log that has begun to forget. */
export function trimmedContract(open: Open): void {
  describe('trimmed log', () => {
    /** Each in a millisecond of its own, by the store's clock. */
    const fill = async (store: Store) => {
      for (const id of 'abcdef') {
        const { seq } = await writeOne(store, entry('created', id, { text: 'x'.repeat(1000) }));
        const written = Date.now();
        await eventually(async () => (Date.now() > written + 1 ? seq : undefined));
      }
      return readAll(store);
    };
    const age = async (store: Store) => {
      const metrics = createMetrics();
      const stop = measureLogAge(store, metrics);
      try {
        return await eventually(async () => /^netweave_log_age_seconds (\S+)$/m.exec(await metrics.text())?.[1]);
      } finally {
        stop();
        metrics.close();
      }
    };

    test('its age is told, when one entry is left too', async () => {
      const { store } = await open();
      await fill(store);
      expect(await store.trim({ hours: 24, bytes: 4000 })).toBeGreaterThan(0);
      expect(Number(await age(store))).toBeGreaterThan(0);
      await store.trim({ hours: 0, bytes: 1 });
      expect(await store.read(await store.head(), 1)).toEqual({ outcome: 'read', changes: [] });
      expect(Number(await age(store))).toBeGreaterThanOrEqual(0);
    });

    test('a time that it still holds is found, and what it forgot is gone', async () => {
      const { store } = await open();
      const changes = await fill(store);
      const dropped = await store.trim({ hours: 24, bytes: 4000 });
      const since = (at: string) => placeSince({ store, clock: systemClock }, at, [], new AbortController().signal);
      expect(await since(changes[dropped + 1]!.at)).toEqual(changes[dropped]!.position);
      expect(await since(changes.at(-1)!.at)).toEqual(changes.at(-2)!.position);
      for (const { at } of changes.slice(0, dropped + 1))
        await expect(since(at)).rejects.toMatchObject({ code: 'GONE' });
    });
  });
}
