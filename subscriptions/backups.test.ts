import { expect, test } from '@jest/globals';
import { BackupLine, type SubscriptionLine } from '#schema/backup.js';
import { systemClock } from '#platform/clock.js';
import { sealer } from '#platform/sealed.js';
import { manualClock, type ManualClock } from '#platform/testing/manual-clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { backups, type Backups } from './backups.js';
import { claimOf } from './claim.js';
import { kinds, progressOf, progressValue, tallyOf } from './delivery/documents.js';
import { ending } from './delivery/ending.js';
import { readSecrets } from './delivery/secrets.js';
import { owned } from './owned.js';

const sealing = sealer(Buffer.alloc(32, 1));
const value = {
  subscriptionId: 's',
  callback: 'http://127.0.0.1:9/',
  apiMajor: 'v2',
  filterMode: 'exclude',
  ordering: 'strict',
  states: 'object',
  authentication: [],
  state: 'active',
};
const gateway = { sealer: sealing, oCloudId: 'o', version: 'v', clock: systemClock };
const write = { replace: false, check: false };

async function openStore(): Promise<{ store: Store; clock: ManualClock; kept: Backups }> {
  const store = await openEmbeddedStore({ memory: true });
  const clock = manualClock(Date.now());
  return { store, clock, kept: backups({ store, owned: owned(store), ...gateway, clock }) };
}

/** A store with one subscription and two dead letters, and its lines. */
async function filled() {
  const { store, kept } = await openStore();
  const secret = sealing.seal('{"signing":[{"secret":"whsec_x"}]}', `${kinds.secret}/s`);
  await store.put(kinds.secret, 's', { sealed: secret }, 0);
  const claims = [claimOf(null, value)];
  const position = await owned(store).create({ object: 'InventorySubscription', id: 's', tenant: null, value, claims });
  for (const seq of ['1', '2']) await store.put(kinds.deadLetter, `s/${seq.padStart(16, '0')}`, { body: seq }, 0);
  const line = (await kept.lineOf({ id: 's', tenant: null, value, position: position! }))!;
  const [, last] = await kept.lettersOf('s', '', 10);
  expect(await kept.lettersOf('s', '0'.repeat(15) + '1', 10)).toEqual([last]);
  const lines = [line, ...(await kept.lettersOf('s', '', 10))].map((each) =>
    BackupLine.parse(JSON.parse(JSON.stringify(each))),
  );
  return { store, kept, line, lines, position: position! };
}

test('a subscription and its dead letters are restored once, whole, and from now on', async () => {
  const { lines } = await filled();
  const { store, kept } = await openStore();
  expect(await kept.restore(lines, write)).toMatchObject({ created: 1, deadLetters: 2 });
  expect(await kept.restore(lines, write)).toMatchObject({ created: 0, unchanged: 1, deadLetters: 0 });
  const [row] = await store.objects([{ object: 'InventorySubscription', id: 's' }]);
  expect(row!.value).toMatchObject({
    state: 'degraded',
    stateReason: expect.stringContaining('Restored from a backup'),
  });
  const claim = { object: 'Claim', id: claimOf(null, value) };
  expect(await store.objects([claim])).toEqual([expect.anything()]);
});

const lettersIn = async ({ store }: { store: Store }) =>
  (await store.list(kinds.deadLetter)).map(({ id }) => id.slice(-1));

test('a dead letter that was delivered or discarded since stays gone, whatever a restore does with its subscription', async () => {
  const { store, kept, lines, line } = await filled();
  const [first] = await store.list(kinds.deadLetter);
  await store.remove(kinds.deadLetter, first!.id, first!.revision);
  expect(await kept.restore(lines, write)).toMatchObject({ unchanged: 1, deadLetters: 0 });
  const changed = { ...line, value: { ...line.value, consumerSubscriptionId: 'c' } };
  const replacing = { replace: true, check: false };
  expect(await kept.restore([changed, ...lines.slice(1)], replacing)).toMatchObject({ replaced: 1, deadLetters: 0 });
  expect(await lettersIn({ store })).toEqual(['2']);
});

test('dead letters follow their subscription in later pages, and when a restore that broke off is repeated', async () => {
  const { lines } = await filled();
  const { store, clock, kept } = await openStore();
  const [subscription, first, second] = lines;
  expect(await kept.restore([subscription!], write)).toMatchObject({ created: 1 });
  // Whoever delivers takes along what is noted of it.
  const { value: noted, revision } = (await store.get(kinds.delivery, 's'))!;
  const progress = progressOf(noted);
  await store.put(kinds.delivery, 's', progressValue({ position: progress.position, ...tallyOf(progress) }), revision);
  expect(await kept.restore([first!], write)).toMatchObject({ deadLetters: 1 });
  await clock.advance(30 * 60_000);
  expect(await kept.restore(lines, write)).toMatchObject({ unchanged: 1, deadLetters: 1 });
  await store.remove(kinds.deadLetter, second!.id, (await store.get(kinds.deadLetter, second!.id))!.revision);
  await clock.advance(31 * 60_000);
  expect(await kept.restore(lines, write)).toMatchObject({ unchanged: 1, deadLetters: 0 });
  expect(await lettersIn({ store })).toEqual(['1']);
  const again = await kept.lineOf({ id: 's', tenant: null, value, position: await store.head() });
  expect(again!.delivery).not.toHaveProperty('restored');
});

test('restored twice, what was taken in between stays gone; restored after a deletion, all comes back', async () => {
  const { lines } = await filled();
  const { store, clock, kept } = await openStore();
  expect(await kept.restore(lines, write)).toMatchObject({ created: 1, deadLetters: 2 });
  const [letter] = await store.list(kinds.deadLetter);
  await store.remove(kinds.deadLetter, letter!.id, letter!.revision);
  expect(await kept.restore(lines, write)).toMatchObject({ unchanged: 1, deadLetters: 0 });
  expect(await lettersIn({ store })).toEqual(['2']);

  await clock.advance(60_000);
  const forget = await ending(store, 's');
  const [row] = await store.objects([{ object: 'InventorySubscription', id: 's' }]);
  await owned(store).remove({ ...row!, object: 'InventorySubscription' }, [claimOf(null, value)]);
  await forget();
  expect(await store.list(kinds.brought)).toEqual([]);
  expect(await kept.restore(lines, write)).toMatchObject({ created: 1, deadLetters: 2 });
});

test('another backup brings no dead letters to what this one brought, and takes none of its own from it', async () => {
  const { lines } = await filled();
  const { store, kept } = await openStore();
  const [subscription, first, second] = lines;
  const from = (backupId?: string) => ({ ...write, backupId });
  expect(await kept.restore([subscription!, first!], from('one'))).toMatchObject({ created: 1, deadLetters: 1 });
  // What another one holds beyond is of another time.
  for (const other of [from('other'), from()])
    expect(await kept.restore(lines, other)).toMatchObject({ unchanged: 1, deadLetters: 0 });
  expect(await lettersIn({ store })).toEqual(['1']);
  expect(await kept.restore([second!], from('one'))).toMatchObject({ deadLetters: 1 });
  expect(await lettersIn({ store })).toEqual(['1', '2']);
  const again = await kept.lineOf({ id: 's', tenant: null, value, position: await store.head() });
  expect(again!.delivery).not.toHaveProperty('restoredFrom');
});

test('in the log it is from it goes on where it stood', async () => {
  const { store, kept, lines, position } = await filled();
  await owned(store).remove({ object: 'InventorySubscription', id: 's', tenant: null, value, position }, [
    claimOf(null, value),
  ]);
  expect(await kept.restore(lines, write)).toMatchObject({ created: 1 });
  const [row] = await store.objects([{ object: 'InventorySubscription', id: 's' }]);
  expect(row!.value['state']).toBe('active');
  expect(progressOf((await store.get(kinds.delivery, 's'))!.value)).toMatchObject({ position, owed: {} });
});

test('a restore goes on where deliveries stand here, and is told when a deletion takes that away meanwhile', async () => {
  const { store, lines, position } = await filled();
  await owned(store).remove({ object: 'InventorySubscription', id: 's', tenant: null, value, position }, [
    claimOf(null, value),
  ]);
  const here = { position: await store.head(), delivered: 7, owed: {} };
  await store.put(kinds.delivery, 's', progressValue(here), 0);
  let others = 1;
  const overtaken: Store = {
    ...store,
    async put(kind, id, next, expected, how) {
      if (kind === kinds.delivery && others-- > 0) await store.remove(kind, id, expected);
      return store.put(kind, id, next, expected, how);
    },
  };
  const kept = backups({ store: overtaken, owned: owned(store), ...gateway });
  await expect(kept.restore(lines, write)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await store.objects([{ object: 'InventorySubscription', id: 's' }])).toEqual([undefined]);
  await store.put(kinds.delivery, 's', progressValue(here), 0);
  expect(await kept.restore(lines, write)).toMatchObject({ created: 1 });
  const { value: stored } = (await store.get(kinds.delivery, 's'))!;
  expect(progressOf(stored)).toMatchObject({ ...here, restored: expect.any(String) });
});

test('nothing is written when something stands differently, cannot be opened, or is another subscription', async () => {
  const { store, kept, line } = await filled();
  const other: SubscriptionLine = {
    ...line,
    id: 't',
    value: { ...line.value, subscriptionId: 't', callback: 'http://127.0.0.1:9/t' },
  };
  const changed: SubscriptionLine = { ...line, value: { ...line.value, callback: 'http://127.0.0.1:9/changed' } };
  const whole = { ...other, secret: sealing.seal('{"signing":[]}', `${kinds.secret}/t`) };
  const head = await store.head();
  await expect(kept.restore([whole, changed], write)).rejects.toMatchObject({ code: 'CONFLICT' });
  // Sealed for another subscription.
  await expect(kept.restore([other], write)).rejects.toMatchObject({ code: 'INVALID' });
  await expect(kept.restore([{ ...whole, id: 's' }], write)).rejects.toMatchObject({ code: 'INVALID' });
  expect(await kept.restore([whole, changed], { replace: true, check: true })).toMatchObject({
    created: 1,
    differing: 1,
    differingIds: ['s'],
  });
  expect(await store.head()).toEqual(head);
  expect(await kept.restore([whole, changed], { replace: true, check: false })).toMatchObject({
    created: 1,
    replaced: 1,
  });
});

test('who changes a subscription while it is replaced keeps what it signs and shows', async () => {
  const { store, line } = await filled();
  const theirs = { credentialsId: 'c', callback: 'http://127.0.0.1:9/b', credentials: { bearer: 'b' }, at: 0 };
  const sealed = JSON.stringify({ signing: [{ secret: 'whsec_backup' }], shown: [theirs] });
  const restored: SubscriptionLine = {
    ...line,
    value: { ...line.value, callback: theirs.callback },
    secret: sealing.seal(sealed, `${kinds.secret}/s`),
  };
  const own = owned(store);
  let others = 1;
  const overtaken = backups({
    store,
    ...gateway,
    owned: {
      ...own,
      async change(standing, next, how) {
        if (others-- > 0) await own.change(standing, { ...standing.value, callback: 'http://127.0.0.1:9/mine' });
        return own.change(standing, next, how);
      },
    },
  });
  const replaces = { replace: true, check: false };
  const signs = async () => (await readSecrets({ store, sealer: sealing }, 's'))?.signing;
  await expect(overtaken.restore([restored], replaces)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await signs()).toEqual([{ secret: 'whsec_x' }]);
  expect(await overtaken.restore([restored], replaces)).toMatchObject({ replaced: 1 });
  expect((await store.get(kinds.secret, 's'))!.value).toEqual({ sealed: restored.secret });
  expect(await overtaken.restore([restored], replaces)).toMatchObject({ unchanged: 1 });
});

test('one whose callback and filter another has is left out', async () => {
  const { kept, line } = await filled();
  const twin = {
    ...line,
    id: 't',
    value: { ...line.value, subscriptionId: 't' },
    secret: sealing.seal('{"signing":[]}', `${kinds.secret}/t`),
  };
  expect(await kept.restore([twin], write)).toMatchObject({ created: 0, duplicates: 1 });
});

test('what another gateway or a newer release wrote is refused with what to do', async () => {
  const { kept } = await openStore();
  const refuses = (more: object, message: string) =>
    expect(() => kept.admit({ ...kept.header('b'), ...more })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) }),
    );
  kept.admit(kept.header('b'));
  kept.admit(kept.header(undefined));
  refuses({ format: 2 }, 'with that release');
  kept.admit({ ...kept.header('b'), schemas: { InventorySubscription: 1 } });
  refuses({ schemas: { InventorySubscription: 3 } }, 'with that release');
  refuses({ schemas: { Unheard: 1 } }, 'with that release');
  refuses({ oCloudId: 'p' }, 'oCloud.oCloudId');
  refuses({ key: 'other' }, 'NETWEAVE_KEY');
});
