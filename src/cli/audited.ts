import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Store } from '../platform/store/store.js';

/** Does what an operator asked for at the command line, with its intent and its outcome in the audit. */
export async function audited<T>(store: Store, operation: string, target: string, work: () => Promise<T>): Promise<T> {
  const principal = `cli:${userInfo().username}`;
  const note = { requestId: randomUUID(), principal, tenant: null, operation, target };
  await store.appendAudit({ ...note, at: new Date().toISOString(), stage: 'intent' });
  const done = await work();
  await store.appendAudit({ ...note, at: new Date().toISOString(), stage: 'outcome', code: 'OK' });
  return done;
}
