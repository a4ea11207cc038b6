import { Fault } from '#schema/errors.js';
import type { AuditEntry, Store } from '#platform/store/store.js';
import type { Caller } from './caller.js';
import type { Operation } from './operation.js';

/** Where audit entries go. */
export type AuditLog = Pick<Store, 'appendAudit'>;

function auditEntry(caller: Caller, operation: Operation, input: unknown): Omit<AuditEntry, 'stage'> {
  const target = (input as { readonly id?: unknown }).id;
  return {
    at: new Date().toISOString(),
    requestId: caller.requestId,
    principal: caller.principal.name,
    tenant: caller.principal.scope.tenant ?? null,
    operation: operation.name,
    ...(typeof target === 'string' ? { target } : {}),
  };
}

/** A mutation whose intent cannot be written down does not happen. */
export async function intend(store: AuditLog, caller: Caller, operation: Operation, input: unknown): Promise<void> {
  try {
    await store.appendAudit({ ...auditEntry(caller, operation, input), stage: 'intent' });
  } catch (error) {
    throw new Fault(
      'UNAVAILABLE',
      'The audit log cannot be written, so nothing was changed.',
      { retryAfter: 5 },
      error,
    );
  }
}

/** What came of it; that this cannot be written changes nothing any more, so it is only told. */
export async function conclude(
  store: AuditLog,
  caller: Caller,
  operation: Operation,
  input: unknown,
  code: string,
): Promise<void> {
  await store.appendAudit({ ...auditEntry(caller, operation, input), stage: 'outcome', code });
}
