import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Coverage } from '#subscriptions/coverage.js';
import type { Principal } from '../access/principal.js';
import { tooMany, type ChargeRate } from '../access/rate-limit.js';
import type { View } from '../inventory/view.js';
import { conclude, intend, type AuditLog } from './audit.js';
import type { Caller } from './caller.js';
import { deadline, normalise } from './deadline.js';
import { parse } from './input.js';
import type { Markers } from './markers.js';
import type { Answer, Call, Operation, UnchangedAnswer } from './operation.js';
import type { Writes } from './writes.js';

export type { Caller } from './caller.js';

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
  readonly store: AuditLog;
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
  const callOf = calls(parts);
  return {
    call(caller, operation, input, held) {
      const admitted = admit(parts, caller, operation, input);
      if (held === undefined || operation.stamp?.(callOf(caller), admitted) !== held) {
        return run(parts, caller, operation, admitted, callOf);
      }
      return { kind: 'unchanged', gaps: parts.coverage.gaps(operation.object.name as ObjectName) };
    },
    mayCall: (principal, operation) => principal.scope.permissions.has(operation.permission),
  };
}

/** What is checked before anything runs, in this order. Quota and Idempotency-Key have their place after the parse. */
function admit({ charge }: GateParts, caller: Caller, operation: Operation, input: unknown): unknown {
  if (!caller.charged) {
    const wait = charge(caller.principal.name);
    if (wait > 0) throw tooMany(wait);
    caller.charged = true;
  }
  if (!caller.principal.scope.permissions.has(operation.permission)) {
    throw new Fault('FORBIDDEN', `${operation.name} needs the permission ${operation.permission}.`);
  }
  return parse(operation, input);
}

type CallOf = (caller: Caller, signal?: () => AbortSignal) => Call;

async function run(
  parts: GateParts,
  caller: Caller,
  operation: Operation,
  input: unknown,
  callOf: CallOf,
): Promise<Answer> {
  const { coverage, store, unforeseen } = parts;
  const began = performance.now();
  const durable = operation.audit === 'durable';
  const ends = deadline(parts.deadline, operation.kind === 'mutation' ? undefined : caller);
  const failed = (error: unknown): Fault => {
    const fault = normalise(error, ends, caller);
    if (fault.code === 'INTERNAL' || (fault.code === 'BACKEND_FAILED' && fault.cause !== undefined))
      unforeseen(fault.cause ?? error, caller, operation);
    return fault;
  };
  let code = 'OK';
  try {
    if (durable) await intend(store, caller, operation, input);
    const answer = await operation.run(callOf(caller, ends.signal), input);
    const gaps = coverage.gaps(operation.object.name as ObjectName);
    if (answer.kind !== 'rows') return { ...answer, gaps };
    // A count is made after the answer, when somebody asks for it.
    const total = () => answer.total().catch((error: unknown) => Promise.reject(failed(error)));
    return { ...answer, total, gaps };
  } catch (error) {
    const fault = failed(error);
    code = fault.code;
    throw fault;
  } finally {
    parts.count({ operation: operation.name, code, milliseconds: performance.now() - began });
    if (durable)
      await conclude(store, caller, operation, input, code).catch((error: unknown) =>
        unforeseen(error, caller, operation),
      );
  }
}

/** What operations are given, made from their callers. */
function calls({ view, writes, markers, pageSize, coverage, firstSyncTimeout }: GateParts): CallOf {
  const started = Date.now();
  const knows = (object: ObjectName): void => {
    if (coverage.knows(object) || Date.now() - started > firstSyncTimeout) return;
    throw new Fault('UNAVAILABLE', `Not every backend that may hold a ${object} has been read yet.`, { retryAfter: 1 });
  };
  const around = { view, writes, markers, pageSize, knows };
  return (caller, signal) => new OperationCall(around, caller, signal);
}

/** The signal is made only for an operation that asks for it. A class for the same reason as the edge's caller. */
class OperationCall implements Call {
  readonly principal: Principal;
  readonly scope: Call['scope'];
  readonly view: View;
  readonly writes: Writes;
  readonly markers: Markers;
  readonly pageSize: number;
  readonly knows: Call['knows'];
  readonly #caller: Caller;
  readonly #signal: (() => AbortSignal) | undefined;

  constructor(
    around: Pick<Call, 'view' | 'writes' | 'markers' | 'pageSize' | 'knows'>,
    caller: Caller,
    signal: (() => AbortSignal) | undefined,
  ) {
    this.principal = caller.principal;
    this.scope = caller.principal.scope;
    this.view = around.view;
    this.writes = around.writes;
    this.markers = around.markers;
    this.pageSize = around.pageSize;
    this.knows = around.knows;
    this.#caller = caller;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal ? this.#signal() : this.#caller.signal;
  }
}
