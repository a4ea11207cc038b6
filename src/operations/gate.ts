import { z } from 'zod';
import { Fault, internal } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { AuditEntry, Store } from '#platform/store/store.js';
import type { Coverage, Gap } from '#subscriptions/coverage.js';
import type { Principal } from '../access/principal.js';
import type { ChargeRate } from '../access/rate-limit.js';
import type { View } from '../inventory/view.js';
import type { Markers } from './markers.js';
import type { Answer, Call, Operation, UnchangedAnswer } from './operation.js';
import type { Writes } from './writes.js';

/** A request as the edge hands it in. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the client leaves; a mutation that has begun goes on all the same. */
  readonly signal: AbortSignal;
  /** Set by the first operation of a request: one request is charged once, however many operations it needs. */
  charged?: boolean;
}

export interface Outcome {
  readonly operation: string;
  readonly code: string;
  readonly milliseconds: number;
}

/** The one door: only `call` runs an operation. */
export interface Gate {
  /**
   * Runs an operation for a caller. With `held`, the stamp of an answer the caller already has, and nothing changed since, it
   * answers `unchanged` after all of its checks, and without a promise. Throws nothing but Fault.
   */
  call(caller: Caller, operation: Operation, input: unknown, held?: string): Answer | UnchangedAnswer | Promise<Answer>;
  /** Whether the scope may run the operation: for relations, and for the subscribers of live streams. */
  mayCall(principal: Principal, operation: Operation): boolean;
}

export interface GateParts {
  readonly view: View;
  readonly writes: Writes;
  readonly markers: Markers;
  readonly coverage: Coverage;
  readonly charge: ChargeRate;
  readonly store: Pick<Store, 'appendAudit'>;
  readonly pageSize: number;
  /** Longest an operation may take, milliseconds. */
  readonly deadline: number;
  /** Milliseconds after which an absent object is NOT_FOUND even though some backend was never read. */
  readonly firstSyncTimeout: number;
  count(outcome: Outcome): void;
  /** An error nobody foresaw: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller, operation: Operation): void;
}

export function gate(parts: GateParts): Gate {
  const started = Date.now();
  const knows = (object: ObjectName): void => {
    if (parts.coverage.knows(object) || Date.now() - started > parts.firstSyncTimeout) return;
    throw new Fault('UNAVAILABLE', `Not every backend that may hold a ${object} has been read yet.`, { retryAfter: 1 });
  };
  const { view, writes, markers, pageSize } = parts;
  const callOf = (caller: Caller, signal?: () => AbortSignal): Call => ({
    principal: caller.principal,
    scope: caller.principal.scope,
    get signal() {
      return signal ? signal() : caller.signal;
    },
    view,
    writes,
    markers,
    pageSize,
    knows,
  });

  /** What is checked before anything runs, in this order. Quota and Idempotency-Key have their place after the parse. */
  function admit(caller: Caller, operation: Operation, input: unknown): unknown {
    chargeOnce(parts.charge, caller);
    if (!caller.principal.scope.permissions.has(operation.permission)) {
      throw new Fault('FORBIDDEN', `${operation.name} needs the permission ${operation.permission}.`);
    }
    return parse(operation, input);
  }

  async function run(caller: Caller, operation: Operation, input: unknown): Promise<Answer> {
    const began = performance.now();
    const mutation = operation.kind === 'mutation';
    const ends = deadline(parts.deadline, mutation ? undefined : caller);
    let code = 'OK';
    try {
      if (operation.audit === 'durable') await intend(parts.store, caller, operation, input);
      const answer = await operation.run(callOf(caller, ends.signal), input);
      const gaps = parts.coverage.gaps(operation.object.name as ObjectName);
      if (answer.kind !== 'rows') return { ...answer, gaps };
      // A count is made after the answer, when somebody asks for it.
      const total = () => answer.total().catch((error: unknown) => Promise.reject(normalise(error, ends, caller)));
      return { ...answer, total, gaps };
    } catch (error) {
      const fault = normalise(error, ends, caller);
      if (fault.code === 'INTERNAL') parts.unforeseen(error, caller, operation);
      code = fault.code;
      throw fault;
    } finally {
      parts.count({ operation: operation.name, code, milliseconds: performance.now() - began });
      if (operation.audit === 'durable') await conclude(parts, caller, operation, input, code);
    }
  }

  return {
    call(caller, operation, input, held) {
      const parsed = admit(caller, operation, input);
      if (held !== undefined && operation.stamp?.(callOf(caller), parsed) === held) {
        const gaps: readonly Gap[] = parts.coverage.gaps(operation.object.name as ObjectName);
        return { kind: 'unchanged', gaps };
      }
      return run(caller, operation, parsed);
    },
    mayCall: (principal, operation) => principal.scope.permissions.has(operation.permission),
  };
}

function chargeOnce(charge: ChargeRate, caller: Caller): void {
  if (caller.charged) return;
  const wait = charge(caller.principal.name);
  if (wait > 0) throw new Fault('RATE_LIMITED', 'Too many requests; slow down.', { retryAfter: wait });
  caller.charged = true;
}

const parsed = new WeakMap<object, unknown>();

/** Strict; an input object that a facade keeps for a repeated request is parsed once. */
function parse(operation: Operation, input: unknown): unknown {
  if (typeof input === 'object' && input !== null && Object.isFrozen(input)) {
    const known = parsed.get(input);
    if (known !== undefined) return known;
  }
  const result = operation.input.safeParse(input);
  if (!result.success) throw inputFault(result.error);
  if (typeof input === 'object' && input !== null && Object.isFrozen(input)) parsed.set(input, result.data);
  return result.data;
}

function inputFault(error: z.ZodError): Fault {
  const faults = error.issues.map((issue) => `${issue.path.join('/') || 'input'}: ${issue.message}`);
  const at = error.issues[0]?.path.join('/');
  return new Fault('INVALID', faults.join('; '), { ...(at ? { at } : {}), ...(faults.length > 1 ? { faults } : {}) });
}

interface Deadline {
  signal(): AbortSignal;
  passed(): boolean;
}

/** Made when first asked for: what is answered from memory at once never needs a timer. */
function deadline(milliseconds: number, caller: Caller | undefined): Deadline {
  let timeLeft: AbortSignal | undefined;
  let signal: AbortSignal | undefined;
  return {
    signal() {
      timeLeft ??= AbortSignal.timeout(milliseconds);
      return (signal ??= caller ? AbortSignal.any([caller.signal, timeLeft]) : timeLeft);
    },
    passed: () => timeLeft?.aborted ?? false,
  };
}

function normalise(error: unknown, ends: Deadline, caller: Caller): Fault {
  if (error instanceof Fault) return error;
  if (caller.signal.aborted) return new Fault('CANCELLED', 'The client left.');
  if (ends.passed())
    return new Fault('UNAVAILABLE', 'The operation took longer than its deadline.', { retryAfter: 1 });
  if (error instanceof z.ZodError) return inputFault(error);
  return internal(error);
}

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
async function intend(store: GateParts['store'], caller: Caller, operation: Operation, input: unknown): Promise<void> {
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

async function conclude(
  parts: GateParts,
  caller: Caller,
  operation: Operation,
  input: unknown,
  code: string,
): Promise<void> {
  try {
    await parts.store.appendAudit({ ...auditEntry(caller, operation, input), stage: 'outcome', code });
  } catch (error) {
    parts.unforeseen(error, caller, operation);
  }
}
