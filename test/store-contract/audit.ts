import { describe, expect, test } from '@jest/globals';
import type { AuditEntry, Store } from '#platform/store/store.js';
import type { Open } from './fixtures.js';

const plenty = 2 ** 30;
const day = 86_400_000;

function intent(daysAgo = 0): AuditEntry {
  return {
    at: new Date(Date.now() - daysAgo * day).toISOString(),
    requestId: 'x'.repeat(1000),
    principal: 'p',
    tenant: null,
    operation: 'o',
    stage: 'intent',
  };
}

async function fill(store: Store, ages: readonly number[]): Promise<void> {
  for (const age of ages) await store.appendAudit(intent(age));
}

export function auditContract(open: Open): void {
  describe('the audit', () => {
    test('is read newest first, from any entry on', async () => {
      const { store } = await open();
      expect(await store.readAudit(undefined, 10)).toEqual([]);
      const told = Array.from({ length: 5 }, (_, at) => ({ ...intent(), requestId: String(at) }));
      for (const entry of told) await store.appendAudit(entry);
      const newest = await store.readAudit(undefined, 2);
      expect(newest.map(({ entry }) => entry)).toEqual([told[4], told[3]]);
      await store.appendAudit(intent());
      const older = await store.readAudit(newest[1]!.id, 10);
      expect(older.map(({ entry }) => entry)).toEqual([told[2], told[1], told[0]]);
      expect(await store.readAudit(older[2]!.id, 10)).toEqual([]);
    });

    test('takes entries with and without a target', async () => {
      const { store } = await open();
      await store.appendAudit(intent());
      const more = { tenant: 't1', code: 'CONFLICT', target: 'a', attributes: ['name'] };
      await store.appendAudit({ ...intent(), stage: 'outcome', ...more });
    });

    test('drops nothing inside the budget, and nothing from nothing', async () => {
      const { store } = await open();
      expect(await store.trimAudit({ days: 1, bytes: 1 })).toBe(0);
      await fill(store, [80, 1, 0]);
      expect(await store.trimAudit({ days: 90, bytes: plenty })).toBe(0);
    });

    test('drops what is too old, once, and goes on', async () => {
      const { store, reopen } = await open();
      await fill(store, [99, 95, 91, 89, 0]);
      expect(await store.trimAudit({ days: 90, bytes: plenty })).toBe(3);
      const again = await reopen();
      expect(await again.trimAudit({ days: 90, bytes: plenty })).toBe(0);
      await again.appendAudit(intent());
    });

    test('drops the oldest beyond the bytes, thousands of them if need be', async () => {
      const { store } = await open();
      await Promise.all(Array.from({ length: 3000 }, () => store.appendAudit(intent())));
      const dropped = await store.trimAudit({ days: 90, bytes: 500_000 });
      // What an entry takes beside its text is the store's own affair.
      expect(dropped).toBeGreaterThan(2000);
      expect(dropped).toBeLessThan(2900);
      expect(await store.trimAudit({ days: 0, bytes: plenty })).toBeGreaterThanOrEqual(3000 - dropped - 1);
    });
  });
}
