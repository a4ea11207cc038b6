import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Coverage, Gap } from '#subscriptions/coverage.js';
import { TokenBuckets } from '#platform/token-buckets.js';
import type { Principal } from '../access/principal.js';
import { tooMany, type ChargeRate } from '../access/rate-limit.js';
import type { View } from '../inventory/view.js';
import { conclude, intend, type AuditLog } from './audit.js';
import type { Caller } from './caller.js';
import { deadline, normalise, type Deadline } from './deadline.js';
import { parse } from './input.js';
import type { Markers } from './markers.js';
import type { Answer, Call, Operation, UnchangedAnswer } from './operation.js';
import type { Subscriptions } from './subscriptions.js';
import { watchName, watchOf, type Watch } from './watch.js';
import type { Writes } from './writes.js';

export type { Caller } from './caller.js';

export interface Outcome {
  readonly operation: string;
  readonly code: string;
  /** Absent for what did not run: it was refused, or the caller's answer is still true. */
  readonly milliseconds?: number;
}

/** The one door: only `call` runs an operation. */
export interface Gate {
  /**
   * Runs an operation for a caller. With `held`, the stamp of an answer the caller already has, and nothing changed since, it
   * answers `unchanged` after all of its checks, and without a promise. Throws nothing but Fault.
   */
  call(caller: Caller, operation: Operation, input: unknown, held?: string): Answer | UnchangedAnswer | Promise<Answer>;
  /** What a caller may be told of changes, live; charged and authorised like an operation. Throws a Fault. */
  watch(caller: Caller, input: unknown): Watch;
  /**
   * Charges and authorises a caller who reads beside an operation what it would tell (relations, counts), without running it.
   * Names the backends whose part may be missing. Throws a Fault.
   */
  permit(caller: Caller, operation: Operation): readonly Gap[];
  /** Whether the scope may run the operation: for relations. */
  mayCall(principal: Principal, operation: Operation): boolean;
}

export interface GateParts {
  readonly view: View;
  readonly writes: Writes;
  readonly subscriptions: Subscriptions;
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

/** Refused mutations of one principal that are audited at once; then one a second. The metric counts them all. */
const refusedBurst = 100;

export function gate(parts: GateParts): Gate {
  const callOf = calls(parts);
  const refuse = refusals(parts);
  return {
    call(caller, operation, input, held) {
      let admitted: unknown;
      try {
        admitted = admit(parts, caller, operation, input);
        if (held !== undefined && operation.stamp?.(callOf(caller), admitted) === held) {
          parts.count({ operation: operation.name, code: 'OK' });
          return { kind: 'unchanged', gaps: parts.coverage.gaps(operation.object.name as ObjectName) };
        }
      } catch (error) {
        return refuse(caller, operation, input, failed(parts, caller, operation, error));
      }
      return run(parts, caller, operation, admitted, callOf);
    },
    watch: (caller, input) => watch(parts, caller, input),
    permit: (caller, operation) => permit(parts, caller, operation),
    mayCall: (principal, operation) => principal.scope.permissions.has(operation.permission),
  };
}

/** What is checked before anything runs, in this order. */
function admit({ charge }: GateParts, caller: Caller, operation: Operation, input: unknown): unknown {
  chargeOnce(charge, caller);
  authorise(caller, operation);
  return parse(operation, input);
}

function authorise({ principal }: Caller, { name, permission }: Operation): void {
  if (principal.scope.permissions.has(permission)) return;
  throw new Fault('FORBIDDEN', `${name} needs the permission ${permission}.`);
}

function permit({ charge, count, coverage }: GateParts, caller: Caller, operation: Operation): readonly Gap[] {
  let code = 'OK';
  try {
    chargeOnce(charge, caller);
    authorise(caller, operation);
    return coverage.gaps(operation.object.name as ObjectName);
  } catch (error) {
    code = error instanceof Fault ? error.code : 'INTERNAL';
    throw error;
  } finally {
    count({ operation: operation.name, code });
  }
}

function chargeOnce(charge: ChargeRate, caller: Caller): void {
  if (caller.charged) return;
  const wait = charge(caller.principal.name);
  if (wait > 0) throw tooMany(wait);
  caller.charged = true;
}

function watch({ charge, count }: GateParts, caller: Caller, input: unknown): Watch {
  let code = 'OK';
  try {
    chargeOnce(charge, caller);
    return watchOf(caller.principal.scope, input);
  } catch (error) {
    code = error instanceof Fault ? error.code : 'INTERNAL';
    throw error;
  } finally {
    count({ operation: watchName, code });
  }
}

type Refuse = (caller: Caller, operation: Operation, input: unknown, fault: Fault) => Promise<never>;

/** The end of what was not admitted. What is audited is so when refused, though not so often that it could push out the rest. */
function refusals(parts: GateParts): Refuse {
  const audited = new TokenBuckets();
  return (caller, operation, input, fault) => {
    parts.count({ operation: operation.name, code: fault.code });
    const audits = operation.audit === 'durable' && audited.take(caller.principal.name, 1, 1, refusedBurst) === 1;
    if (!audits) throw fault;
    return concluded(parts, caller, operation, input, fault.code).then(() => Promise.reject(fault));
  };
}

/** Whatever was thrown as a Fault; what nobody foresaw is shown to the operator. */
function failed(
  { unforeseen }: GateParts,
  caller: Caller,
  operation: Operation,
  error: unknown,
  ends?: Deadline,
): Fault {
  const fault = normalise(error, operation, caller, ends);
  if (fault.code === 'INTERNAL' || (fault.code === 'BACKEND_FAILED' && fault.cause !== undefined))
    unforeseen(fault.cause ?? error, caller, operation);
  return fault;
}

async function concluded(
  { store, unforeseen }: GateParts,
  caller: Caller,
  operation: Operation,
  input: unknown,
  code: string,
): Promise<void> {
  await conclude(store, caller, operation, input, code).catch((error: unknown) => {
    // That the store cannot be written its operator hears once, and not with every request.
    if (!(error instanceof Fault)) unforeseen(error, caller, operation);
  });
}

type CallOf = (caller: Caller, signal?: () => AbortSignal) => Call;

async function run(
  parts: GateParts,
  caller: Caller,
  operation: Operation,
  input: unknown,
  callOf: CallOf,
): Promise<Answer> {
  const began = performance.now();
  const durable = operation.audit === 'durable';
  const ends = deadline(parts.deadline, operation.kind === 'mutation' ? undefined : caller);
  let [code, intended] = ['OK', false];
  try {
    if (durable) await intend(parts.store, caller, operation, input);
    intended = true;
    const answer = await operation.run(callOf(caller, ends.signal), input);
    const gaps = parts.coverage.gaps(operation.object.name as ObjectName);
    if (answer.kind !== 'rows') return { ...answer, gaps };
    // A count is made after the answer, when somebody asks for it.
    const total = () =>
      answer.total().catch((error: unknown) => Promise.reject(failed(parts, caller, operation, error, ends)));
    return { ...answer, total, gaps };
  } catch (error) {
    const fault = failed(parts, caller, operation, error, ends);
    code = fault.code;
    throw fault;
  } finally {
    parts.count({ operation: operation.name, code, milliseconds: performance.now() - began });
    // Who is refused because the audit log cannot be written is not kept waiting for it a second time.
    const told = durable ? concluded(parts, caller, operation, input, code) : undefined;
    if (intended) await told;
  }
}

/** What operations are given, made from their callers. */
function calls({
  view,
  writes,
  subscriptions,
  markers,
  store,
  pageSize,
  coverage,
  firstSyncTimeout,
}: GateParts): CallOf {
  const started = performance.now();
  const knows = (object: ObjectName): void => {
    if (coverage.knows(object) || performance.now() - started > firstSyncTimeout) return;
    throw new Fault('UNAVAILABLE', `Not every backend that may hold a ${object} has been read yet.`, { retryAfter: 1 });
  };
  const readAudit: Call['readAudit'] = (before, limit) => store.readAudit(before, limit);
  const around = { view, writes, subscriptions, markers, readAudit, pageSize, knows };
  return (caller, signal) => new OperationCall(around, caller, signal);
}

/** The signal is made only for an operation that asks for it. A class for the same reason as the edge's caller. */
class OperationCall implements Call {
  readonly principal: Principal;
  readonly scope: Call['scope'];
  readonly view: View;
  readonly writes: Writes;
  readonly subscriptions: Subscriptions;
  readonly markers: Markers;
  readonly readAudit: Call['readAudit'];
  readonly pageSize: number;
  readonly knows: Call['knows'];
  readonly #caller: Caller;
  readonly #signal: (() => AbortSignal) | undefined;

  constructor(
    around: Pick<Call, 'view' | 'writes' | 'subscriptions' | 'markers' | 'readAudit' | 'pageSize' | 'knows'>,
    caller: Caller,
    signal: (() => AbortSignal) | undefined,
  ) {
    this.principal = caller.principal;
    this.scope = caller.principal.scope;
    this.view = around.view;
    this.writes = around.writes;
    this.subscriptions = around.subscriptions;
    this.markers = around.markers;
    this.readAudit = around.readAudit;
    this.pageSize = around.pageSize;
    this.knows = around.knows;
    this.#caller = caller;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal ? this.#signal() : this.#caller.signal;
  }

  get expected(): Call['expected'] {
    return this.#caller.expected;
  }
}
