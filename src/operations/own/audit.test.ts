import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { auditPermission } from '../../access/policy.js';
import type { Operation } from '../operation.js';
import { caller, mutation, openDoor, row, type Door } from '../testing/door.js';
import { audit } from './audit.js';

const [read] = audit as unknown as readonly [Operation];
let door: Door;
let store: Store;
beforeEach(async () => {
  door = await openDoor();
  store = await openEmbeddedStore({ memory: true });
});
afterEach(async () => {
  await door.close();
  await store.close();
});

interface Page {
  readonly items: readonly { readonly requestId: string }[];
  readonly next?: string;
}

async function page(after?: string): Promise<Page> {
  const gate = door.opened({ store, deadline: 5000 });
  const input = { first: 1000, ...(after !== undefined && { after }) };
  const answer = await gate.call(caller({}, [auditPermission]), read, input);
  return (answer as unknown as { readonly value: Page }).value;
}

test('a page ends before it grows too large, and the next one goes on', async () => {
  const entry = {
    at: new Date().toISOString(),
    principal: 'ann',
    tenant: 'red',
    operation: 'x',
    stage: 'intent',
  } as const;
  for (let each = 0; each < 40; each += 1) await store.appendAudit({ ...entry, requestId: `${each}`.padEnd(100_000) });
  const first = await page();
  expect(first.items.length).toBe(11);
  let all = first.items;
  for (let next = first.next; next !== undefined;) {
    const more = await page(next);
    all = [...all, ...more.items];
    next = more.next;
  }
  expect(all.map(({ requestId }) => requestId.trim())).toEqual(Array.from({ length: 40 }, (_each, at) => `${39 - at}`));
});

test('an entry holds no more of an id than an id has, whoever made it', async () => {
  const gate = door.opened({ store });
  await gate.call(
    caller({ requestId: 'x'.repeat(1_000_000) }),
    mutation(() => row),
    { id: 'a' },
  );
  for (const { entry } of await store.readAudit(undefined, 10)) expect(entry.requestId).toHaveLength(255);
});
