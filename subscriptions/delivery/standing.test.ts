import { describe, expect, test } from '@jest/globals';
import type { StoredObject, Value } from '#schema/change.js';
import type { Lease, Store } from '#platform/store/store.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { owned } from '../owned.js';
import type { Subscriber } from './deliveries.js';
import { Standing } from './standing.js';

const id = 's';

async function house(loss: ConstructorParameters<typeof Standing>[2] = {}) {
  const store: Store = await openEmbeddedStore({ memory: true });
  const own = owned(store);
  await own.create({ object: 'InventorySubscription', id, tenant: 'a', value: { state: 'active' } });
  const row = async () => (await store.objects([{ object: 'InventorySubscription', id }]))[0] as StoredObject;
  let lease: Lease | undefined;
  const taken = await store.lease('shard', 'me', 60_000);
  const resumed = { times: 0 };
  const stood: Subscriber[] = [];
  const standing = new Standing({ store, owned: own }, await row(), loss, {
    held: () => lease,
    // As a worker does: what is older than what it has is passed over.
    stood: (each) => {
      if (each.position.seq <= (stood.at(-1)?.position.seq ?? 0)) return;
      stood.push(each);
      if (standing.saw(each)) resumed.times += 1;
    },
    resumed: () => (resumed.times += 1),
    failed: () => undefined,
  });
  const change = async (patch: Value) => {
    const before = await row();
    await own.change(before, { ...before.value, ...patch });
    return row();
  };
  /** Without a lease it cannot be written that it is disabled. */
  const allow = () => (lease = taken);
  return { store, standing, row, change, resumed, stood, allow };
}

const gone = { state: 'disabled', reason: 'The callback answered 410.' } as const;

describe('a subscription whose callback answered 410', () => {
  test('stays halted whatever is changed of it before it is shown as disabled', async () => {
    const { standing, change, allow, row, store } = await house();
    standing.turn(gone);
    expect(standing.saw(await change({ filter: 'x' }))).toBe(false);
    expect(standing.halted).toBe(true);
    allow();
    await standing.settled();
    expect((await row()).value['state']).toBe('disabled');
    expect(standing.halted).toBe(true);
    expect(standing.saw(await change({ state: 'active' }))).toBe(true);
    expect(standing.halted).toBe(false);
    await store.close();
  }, 10_000);

  test('is resumed by what comes after it, also when nobody saw it disabled', async () => {
    const { standing, change, allow, store, row } = await house();
    standing.turn(gone);
    allow();
    await standing.settled();
    expect((await row()).value['state']).toBe('disabled');
    // The row jumps from active to active.
    const later = await change({ state: 'active' });
    expect(standing.saw(later)).toBe(true);
    expect(standing.halted).toBe(false);
    await store.close();
  }, 10_000);
});

test('who was disabled is resumed by any row of a log that was rewritten since', async () => {
  const { standing, allow, row, store } = await house();
  standing.turn(gone);
  allow();
  await standing.settled();
  standing.rebase();
  const { value, ...rest } = await row();
  const resumed = { ...rest, value: { ...value, state: 'active' }, position: { seq: 1, tag: 'other' } };
  expect(standing.saw(resumed)).toBe(true);
  expect(standing.halted).toBe(false);
  await store.close();
});

describe('a subscription that lost changes while it was paused', () => {
  const lost = 'The log was trimmed.';

  test('says so when it is resumed, and no longer when it is resumed once more', async () => {
    const { standing, change, allow, row, store } = await house();
    allow();
    standing.saw(await change({ state: 'paused' }));
    standing.lose(lost);
    await standing.settled();
    expect((await row()).value['state']).toBe('paused');
    expect(standing.lost).toEqual({ lost, untold: true });
    expect(standing.saw(await change({ state: 'active' }))).toBe(true);
    await standing.settled();
    expect((await row()).value).toMatchObject({ state: 'degraded', stateReason: lost });
    expect(standing.lost).toEqual({ lost });
    expect(standing.saw(await change({ state: 'active' }))).toBe(true);
    await standing.settled();
    expect((await row()).value['state']).toBe('active');
    expect(standing.lost).toEqual({});
    await store.close();
  });

  test('says so also when nobody delivered for it as it was resumed', async () => {
    const { standing, allow, row, store } = await house({ lost, untold: true });
    allow();
    await standing.settled();
    expect((await row()).value).toMatchObject({ state: 'degraded', stateReason: lost });
    await store.close();
  });
});

test('a subscription that is active again because its callback takes notifications has not been resumed', async () => {
  const { standing, allow, row, resumed, store } = await house();
  allow();
  standing.turn({ state: 'degraded', reason: 'It failed.' });
  standing.turn({ state: 'active' });
  await standing.settled();
  expect((await row()).value['state']).toBe('active');
  expect(resumed.times).toBe(0);
  await store.close();
});
