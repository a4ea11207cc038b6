import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BackupLine } from '#schema/backup.js';
import { formatPosition } from '#schema/position.js';
import { systemClock } from '#platform/clock.js';
import { sealer } from '#platform/sealed.js';
import { backups, type Backups } from './backups.js';
import { kinds, progressOf } from './delivery/documents.js';
import { until, world, type World } from './testing/deliveries.js';

const sealing = sealer(Buffer.alloc(32, 1));
const value = {
  subscriptionId: 's',
  callback: 'http://127.0.0.1:9/',
  // No object begins so: nothing is sent, and nothing fails.
  filter: 'none',
  apiMajor: 'v2',
  filterMode: 'exclude',
  ordering: 'strict',
  states: 'object',
  authentication: [],
};

let house: World;
let kept: Backups;
beforeEach(async () => {
  house = await world();
  const { store, owned } = house;
  kept = backups({ store, owned, sealer: sealing, oCloudId: 'o', version: 'v', clock: systemClock });
});
afterEach(() => house.close());

interface Stood {
  readonly state: string;
  readonly stateReason?: string;
}

/** A subscription as a backup of another log has it. */
function lineOf(stood: Stood, more: object = {}, delivery: object = {}): BackupLine {
  return BackupLine.parse({
    kind: 'InventorySubscription',
    id: 's',
    tenant: null,
    value: { ...value, ...stood, ...more },
    secret: sealing.seal('{"signing":[{"secret":"whsec_x"}]}', `${kinds.secret}/s`),
    delivery: { position: '7.elsewhere', delivered: 3, owed: {}, ...delivery },
  });
}

const stands = async (): Promise<Stood> => {
  const { state, stateReason } = (await house.row('s')).value;
  return { state, ...(stateReason !== undefined && { stateReason }) } as Stood;
};
const progress = async () => progressOf((await house.store.get(kinds.delivery, 's'))!.value);

describe('what is missing since a backup', () => {
  const lost = expect.stringContaining('Restored from a backup') as unknown;

  test.each([
    { state: 'paused', stateReason: 'Paused by the consumer.' },
    { state: 'disabled', stateReason: 'The callback answered 410 (Gone): it wants no more.' },
  ])('is said when one that was $state is resumed, and no longer when it is resumed once more', async (stood) => {
    await kept.restore([lineOf(stood)], { replace: false, check: false });
    expect(await stands()).toEqual(stood);
    expect(await progress()).toMatchObject({ lost, untold: true });
    const status = () => house.deliveries.status(house.subscriber('s'));
    await house.subscribers.reached(await house.store.head());
    expect(await status()).toMatchObject({ lost });
    await house.deliverer();
    const resume = () => house.rewrite('s', { state: 'active', stateReason: undefined });
    await resume();
    await until(async () => (await stands()).state === 'degraded');
    expect((await stands()).stateReason).toEqual(lost);
    expect(await status()).toMatchObject({ lost });
    await resume();
    await until(async () => !('lost' in (await progress())));
    expect(await stands()).toEqual({ state: 'active' });
    expect(await status()).not.toHaveProperty('lost');
  });

  test.each([{ state: 'active' }, { state: 'degraded', stateReason: 'Notifications fail: 500' }])(
    'is said at once of one that was $state, and not again when it is resumed',
    async (stood) => {
      await kept.restore([lineOf(stood)], { replace: false, check: false });
      expect(await stands()).toEqual({ state: 'degraded', stateReason: lost });
      expect(await progress()).not.toHaveProperty('untold');
    },
  );

  test('is said anew of one that goes on where it stood, and had lost changes before', async () => {
    const paused = { state: 'paused', stateReason: 'Paused by the consumer.' };
    await house.change('x');
    const delivery = { position: formatPosition(await house.store.head()), lost: 'The log was trimmed.' };
    await kept.restore([lineOf(paused, {}, delivery)], { replace: false, check: false });
    expect(await progress()).toMatchObject({ lost: 'The log was trimmed.', untold: true });
  });
});

describe('one that stands is replaced', () => {
  const then = {
    active: { state: 'active' },
    degraded: { state: 'degraded', stateReason: 'Then: 500.' },
    paused: { state: 'paused', stateReason: 'Then: paused.' },
    disabled: { state: 'disabled', stateReason: 'Then: 410.' },
  };
  const now = {
    active: { state: 'active' },
    degraded: { state: 'degraded', stateReason: 'Now: 503.' },
    paused: { state: 'paused', stateReason: 'Now: paused.' },
    disabled: { state: 'disabled', stateReason: 'Now: 410.' },
  };
  /** By how it was in the backup, and how it stands. */
  const table = [
    ['active', 'active', now.active],
    ['active', 'degraded', now.degraded],
    ['active', 'disabled', now.disabled],
    ['degraded', 'active', now.active],
    ['degraded', 'degraded', now.degraded],
    ['degraded', 'disabled', now.disabled],
    ['disabled', 'active', now.active],
    ['disabled', 'degraded', now.degraded],
    ['disabled', 'disabled', now.disabled],
    // Its consumer had not paused it: it goes on, and whether it can shows then.
    ['active', 'paused', { state: 'active' }],
    ['degraded', 'paused', { state: 'active' }],
    ['disabled', 'paused', { state: 'active' }],
    // Its consumer had paused it.
    ['paused', 'active', then.paused],
    ['paused', 'degraded', then.paused],
    ['paused', 'disabled', then.paused],
    ['paused', 'paused', now.paused],
  ] as const;
  const replacing = { replace: true, check: false };

  test.each(table)('%s in the backup, %s now', async (before, here, expected) => {
    await kept.restore([lineOf({ state: 'active' })], { replace: false, check: false });
    await house.rewrite('s', { stateReason: undefined, ...now[here] });
    const line = lineOf(then[before], { consumerSubscriptionId: 'c' });
    expect(await kept.restore([line], replacing)).toMatchObject({ replaced: 1 });
    expect(await stands()).toEqual(expected);
    expect((await house.row('s')).value['consumerSubscriptionId']).toBe('c');
    expect(await kept.restore([line], replacing)).toMatchObject({ replaced: 0, unchanged: 1 });
  });

  test('what it owes stays as it stands here', async () => {
    await kept.restore([lineOf({ state: 'active' })], { replace: false, check: false });
    const before = await progress();
    await kept.restore([lineOf(then.disabled, { consumerSubscriptionId: 'c' }, { delivered: 9 })], replacing);
    expect(await progress()).toEqual(before);
  });
});
