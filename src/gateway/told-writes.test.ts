import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { openEmbeddedStore } from '../platform/store/embedded/embedded-store.js';
import type { Store } from '../platform/store/store.js';
import { toldWrites } from './told-writes.js';

let memory: Store;
let store: Store;
/** Why nothing can be written just now. */
let fault: Error | undefined;
let time: number;
let told: string[];
beforeEach(async () => {
  memory = await openEmbeddedStore({ memory: true });
  [fault, time, told] = [undefined, 0, []];
  const or = <T>(write: () => Promise<T>) => (fault ? Promise.reject(fault) : write());
  const failing: Store = {
    ...memory,
    append: (batch) => or(() => memory.append(batch)),
    put: (...document) => or(() => memory.put(...document)),
    remove: (...document) => or(() => memory.remove(...document)),
    appendAudit: (entry) => or(() => memory.appendAudit(entry)),
  };
  const logger = {
    error: ({ reason }: { readonly reason: string }) => void told.push(reason),
    warn: (message: string) => void told.push(message),
  };
  store = toldWrites(failing, logger as unknown as Parameters<typeof toldWrites>[1], () => time);
});
afterEach(() => memory.close());

const audited = { at: '', requestId: 'r', principal: 'p', tenant: null, operation: 'o', stage: 'intent' } as const;
async function writeAll(): Promise<readonly unknown[]> {
  const writes = [
    store.append({ entries: [] }),
    store.put('tenant', 'a', {}, 0),
    store.remove('tenant', 'b', 1),
    store.appendAudit(audited),
  ];
  return (await Promise.allSettled<unknown>(writes)).map((end) => (end.status === 'rejected' ? end.reason : undefined));
}
const unavailable = (why: string) => new Fault('UNAVAILABLE', why);

test('whoever cannot write is told as it is, the operator once for each reason', async () => {
  fault = unavailable('The disk is full.');
  for (let n = 0; n < 3; n += 1) expect(await writeAll()).toEqual([fault, fault, fault, fault]);
  expect(told).toEqual(['The disk is full.']);
  fault = unavailable('The disk reports an error.');
  await writeAll();
  expect(told).toEqual(['The disk is full.', 'The disk reports an error.']);
});

test('a write that finds room in between ends nothing; when none failed for a while, that is told, and the next fault', async () => {
  const full = unavailable('The disk is full.');
  for (fault of [full, undefined, full, undefined, full]) {
    time += 5000;
    await writeAll();
  }
  expect(told).toEqual([full.message]);
  fault = undefined;
  time += 20_000;
  await writeAll();
  await writeAll();
  fault = full;
  await writeAll();
  expect(told).toEqual([full.message, 'The store takes writes again.', full.message]);
});

test('what is no fault of the store is not told as one, and all else is as it was', async () => {
  await store.put('tenant', 'a', { name: 'a' }, 0);
  fault = new Error('broken');
  await writeAll();
  expect([told, await store.get('tenant', 'a')]).toMatchObject([[], { value: { name: 'a' } }]);
});
