import { describe, expect, test } from '@jest/globals';
import { entry, eventually, type Open } from './fixtures.js';

const long = 60_000;

export function coordinationContract(open: Open): void {
  describe('leases', () => {
    test('have one holder, who may renew', async () => {
      const { store } = await open();
      const mine = await store.lease('shard/1', 'me', long);
      expect(mine).toMatchObject({ name: 'shard/1', holder: 'me' });
      expect(await store.lease('shard/1', 'you', long)).toBeUndefined();
      expect(await store.lease('shard/1', 'me', long)).toStrictEqual(mine);
      expect(await store.lease('shard/2', 'you', long)).toMatchObject({ holder: 'you' });
    });

    test('raise the epoch with every new holder', async () => {
      const { store } = await open();
      const epochs: number[] = [];
      for (const holder of ['me', 'you', 'me']) {
        const lease = (await store.lease('shard/1', holder, long))!;
        epochs.push(lease.epoch);
        await store.release(lease);
      }
      expect(epochs[1]).toBeGreaterThan(epochs[0]!);
      expect(epochs[2]).toBeGreaterThan(epochs[1]!);
    });

    test('lapse, and are then another’s; the old holder is fenced off', async () => {
      const { store } = await open();
      const mine = (await store.lease('shard/1', 'me', 20))!;
      const yours = await eventually(() => store.lease('shard/1', 'you', long));
      expect(yours.epoch).toBeGreaterThan(mine.epoch);
      expect(await store.lease('shard/1', 'me', long)).toBeUndefined();
      expect(await store.append({ entries: [entry('created', 'a', {})], fence: mine })).toStrictEqual({
        outcome: 'fenced',
      });
      expect(await store.append({ entries: [entry('created', 'a', {})], fence: yours })).toMatchObject({
        outcome: 'appended',
      });
    });

    test('that lapsed are not held, even if nobody took them', async () => {
      const { store } = await open();
      const mine = (await store.lease('shard/1', 'me', 20))!;
      const append = () => store.append({ entries: [entry('created', 'a', {})], fence: mine });
      await eventually(async () => ((await append()).outcome === 'fenced' ? true : undefined));
      expect(await append()).toStrictEqual({ outcome: 'fenced' });
    });

    test('are not released by who no longer holds them', async () => {
      const { store } = await open();
      const mine = (await store.lease('shard/1', 'me', long))!;
      await store.release({ ...mine, epoch: mine.epoch - 1 });
      await store.release({ ...mine, holder: 'you' });
      expect(await store.lease('shard/1', 'you', long)).toBeUndefined();
      await store.release(mine);
      await store.release(mine);
      expect(await store.lease('shard/1', 'you', long)).toBeDefined();
    });

    test('go to one of many who ask at once', async () => {
      const { store } = await open();
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.lease('shard/1', `holder-${n}`, long)),
      );
      expect(asked.filter((lease) => lease !== undefined)).toHaveLength(1);
    });
  });

  describe('tokens', () => {
    // A thousandth of a token a second: what a slow test refills is nothing.
    const slow = 0.001;

    test('are given up to the burst', async () => {
      const { store } = await open();
      const take = (want: number) => store.takeTokens('caller/1', want, slow, 10);
      expect([await take(6), await take(6), await take(1)]).toStrictEqual([6, 4, 0]);
      expect(await store.takeTokens('caller/2', 50, slow, 10)).toBe(10);
    });

    test('are given once when many ask at once', async () => {
      const { store } = await open();
      const got = await Promise.all(Array.from({ length: 20 }, () => store.takeTokens('caller/1', 3, slow, 10)));
      expect(got.reduce((sum, count) => sum + count, 0)).toBe(10);
      for (const count of got) expect(Number.isInteger(count)).toBe(true);
    });

    test('come back with time, never beyond the burst', async () => {
      const { store } = await open();
      expect(await store.takeTokens('caller/1', 5, 100, 5)).toBe(5);
      await eventually(async () => (await store.takeTokens('caller/1', 1, 100, 5)) || undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await store.takeTokens('caller/1', 50, 100, 5)).toBe(5);
    });
  });

  test('a closed store refuses, and may be closed twice', async () => {
    const { store } = await open();
    await store.close();
    await store.close();
    await expect(store.append({ entries: [entry('created', 'a', {})] })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.head()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.put('tenant', 't1', {}, 0)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
}
