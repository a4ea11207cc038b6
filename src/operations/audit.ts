import { Fault } from '#schema/errors.js';
import type { AuditEntry, Store } from '#platform/store/store.js';
import type { Caller } from './caller.js';
import type { Operation } from './operation.js';

/** Where audit entries go, and are read. */
export type AuditLog = Pick<Store, 'appendAudit' | 'readAudit'>;

/** An entry is no longer than a few of these, or who asks could push out the rest with it. */
const longestId = 255;

/** `input` may be anything: what is refused was not parsed. */
function auditEntry(caller: Caller, operation: Operation, input: unknown): Omit<AuditEntry, 'stage'> {
  const { id, value, patch } = (input ?? {}) as Readonly<Record<'id' | 'value' | 'patch', unknown>>;
  const attributes = namesIn(operation, patch ?? value);
  return {
    at: new Date().toISOString(),
    requestId: caller.requestId.slice(0, longestId),
    principal: caller.principal.name,
    tenant: caller.principal.scope.tenant ?? null,
    operation: operation.name,
    ...(typeof id === 'string' && id.length <= longestId ? { target: id } : {}),
    ...(attributes.length > 0 ? { attributes } : {}),
  };
}

/** Attributes of the object that are said to become something; never what. */
function namesIn({ object }: Operation, said: unknown): readonly string[] {
  if (typeof said !== 'object' || said === null) return [];
  return [...Object.keys(object.model.shape), 'credentials'].filter((name) => Object.hasOwn(said, name));
}

/** A mutation whose intent cannot be written down does not happen. */
export async function intend(store: AuditLog, caller: Caller, operation: Operation, input: unknown): Promise<void> {
  try {
    await store.appendAudit({ ...auditEntry(caller, operation, input), stage: 'intent' });
  } catch (error) {
    throw new Fault(
      'UNAVAILABLE',
      `The audit log cannot be written, so ${operation.name} did not run.`,
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
