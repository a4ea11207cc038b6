import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import { sealer } from '#platform/sealed.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { shardOf } from '#subscriptions/delivery/documents.js';
import { orphans } from '#subscriptions/delivery/ending.js';
import { readSecrets, signingAt, type Secrets } from '#subscriptions/delivery/secrets.js';
import { openView, type View } from '../inventory/view.js';
import { callOf, subscriptionsOf } from './testing/subscriptions.js';

let store: Store;
let view: View;
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  view = await openView(store, () => undefined);
});
afterEach(async () => {
  view.stop();
  await store.close();
});

const value = { callback: 'http://smo/hook', apiMajor: 'v2', filterMode: 'exclude' } as const;
const wanted = { ...value, ordering: 'strict', states: 'object', credentials: { bearer: 'token' } } as const;

const call = (expected?: ReadonlySet<string>) => callOf(view, 'a', expected);
const kept = async () => (await Promise.all(['delivery', 'deliverySecret'].map((kind) => store.ids(kind)))).flat();

test('a subscription that could not be made leaves nothing behind', async () => {
  const append: Store['append'] = () => Promise.reject(new Fault('UNAVAILABLE', 'The store is full.'));
  await expect(subscriptionsOf({ ...store, append }).create(call(), wanted)).rejects.toThrow('The store is full.');
  expect(await kept()).toEqual([]);
});

test('one that stands although nobody confirmed it keeps what it has', async () => {
  const append: Store['append'] = async (...given) => {
    await store.append(...given);
    throw new Fault('UNAVAILABLE', 'No replica confirmed.');
  };
  await expect(subscriptionsOf({ ...store, append }).create(call(), wanted)).rejects.toThrow('No replica confirmed.');
  expect(await kept()).toHaveLength(2);
});

test('one whose row is gone is deleted, whether or not all that was kept of it could be forgotten', async () => {
  const { id } = await subscriptionsOf(store).create(call(), wanted);
  let refused = 0;
  const remove: Store['remove'] = () => {
    refused += 1;
    return Promise.reject(new Fault('UNAVAILABLE', 'The store is away.'));
  };
  expect(await subscriptionsOf({ ...store, remove }).delete(call(), id!)).toMatchObject({ kind: 'written', id });
  expect([refused, await kept()]).toEqual([1, [id, id]]);
  expect(await store.objects([{ object: 'InventorySubscription', id: id! }])).toEqual([undefined]);
  expect(await orphans(store, new Set([shardOf(id!)]))).toEqual([id]);
});

test('the second of two equal ones leaves nothing behind', async () => {
  const made = await subscriptionsOf(store).create(call(), wanted);
  await expect(subscriptionsOf(store).create(call(), wanted)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await kept()).toEqual([made.id, made.id]);
});

test('of two equal ones the first is named to the second, unless who asks may not read it', async () => {
  const { create, update } = subscriptionsOf(store);
  const { id } = await create(call(), wanted);
  const other = await create(call(), { ...wanted, consumerSubscriptionId: 'other' });
  const named = { message: expect.stringContaining(`'${id}'`) as unknown, detail: { at: 'callback', existing: id } };
  await expect(create(call(), wanted)).rejects.toMatchObject(named);
  await expect(update(call(), other.id, { consumerSubscriptionId: null })).rejects.toMatchObject(named);

  const reader = call();
  const permissions = new Set([...reader.scope.permissions].filter((each) => each !== 'inventorySubscriptions:read'));
  const writer = { ...reader, scope: { ...reader.scope, permissions } };
  const fault = (await create(writer, wanted).catch((error: unknown) => error)) as Fault;
  expect([fault.message.includes(id), fault.detail]).toEqual([false, { at: 'callback' }]);
});

test('a certificate that cannot be shown is refused when it is given, and when the callback goes to http', async () => {
  const { create, update } = subscriptionsOf(store);
  const credentials = { certificate: selfSigned('us') };
  const secure = { ...wanted, callback: 'https://smo/hook', credentials };
  const garbage = { certificate: { certificate: 'x', key: 'y' } };
  const refusal = (at: string) => ({ code: 'INVALID', detail: { at } });
  await expect(create(call(), { ...secure, credentials: garbage })).rejects.toMatchObject(
    refusal('credentials/certificate/certificate'),
  );
  await expect(create(call(), { ...wanted, credentials })).rejects.toMatchObject(refusal('credentials/certificate'));
  expect(await kept()).toEqual([]);

  const id = (await create(call(), secure)).id!;
  await expect(update(call(), id, { credentials: garbage })).rejects.toMatchObject(
    refusal('credentials/certificate/certificate'),
  );
  const { callback } = wanted;
  await expect(update(call(), id, { callback, credentials })).rejects.toMatchObject(refusal('credentials/certificate'));
  await expect(update(call(), id, { callback })).rejects.toMatchObject(refusal('credentials'));
  await update(call(), id, { callback: 'https://smo/other', credentials });
  await update(call(), id, { callback, credentials: null });
});

describe('a rotation that fails on its way', () => {
  const secretsOf = async (id: string) =>
    (await readSecrets({ store, sealer: sealer(Buffer.alloc(32)) }, id)) as Secrets;
  const row = async (id: string) => (await store.objects([{ object: 'InventorySubscription', id }]))[0]!;
  const signs = async (id: string) => signingAt(await secretsOf(id), await row(id), 0).map(({ secret }) => secret);
  const away = () => Promise.reject(new Fault('UNAVAILABLE', 'The store is away.'));

  async function standing() {
    const { id, position } = await subscriptionsOf(store).create(call(), wanted);
    return { id: id!, seen: () => call(new Set([formatPosition(position)])) };
  }

  test.each<[string, Partial<Store>]>([
    ['before its secret is kept', { put: away }],
    ['before the row names it', { append: away }],
  ])('%s leaves the row naming what signs, and is repeated in the same state', async (_when, failing) => {
    const { id, seen } = await standing();
    const [before, signed] = [await row(id), await signs(id)];
    await expect(subscriptionsOf({ ...store, ...failing }).rotateSecret(seen(), id, 0)).rejects.toThrow('is away');
    expect([await row(id), await signs(id)]).toEqual([before, signed]);
    const { signingSecret } = await subscriptionsOf(store).rotateSecret(seen(), id, 0);
    expect(await signs(id)).toEqual([signingSecret]);
  });

  test('when its row names the secret already has been made', async () => {
    const { id, seen } = await standing();
    let writes = 0;
    const put: Store['put'] = (...given) => ((writes += 1) > 1 ? away() : store.put(...given));
    const { signingSecret } = await subscriptionsOf({ ...store, put }).rotateSecret(seen(), id, 0);
    expect([writes, await signs(id)]).toEqual([2, [signingSecret]]);
    await expect(subscriptionsOf(store).rotateSecret(seen(), id, 0)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    const next = await subscriptionsOf(store).rotateSecret(call(), id, 60_000);
    expect(await signs(id)).toEqual([next.signingSecret, signingSecret]);
    expect((await secretsOf(id)).rotations!.map(({ signing }) => signing[0]!.secret)).toEqual([signingSecret]);
  });

  test('of two in the same state one is made, and nothing of the other is kept', async () => {
    const { id, seen } = await standing();
    const both = await Promise.allSettled([1, 2].map(() => subscriptionsOf(store).rotateSecret(seen(), id, 0)));
    const [made, ...more] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value.signingSecret] : []));
    expect([await signs(id), more]).toEqual([[made], []]);
    expect((await secretsOf(id)).rotations).toEqual([]);
  });
});
