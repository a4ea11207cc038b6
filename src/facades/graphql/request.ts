import type { ExecutionResult } from 'graphql';
import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Gap } from '#subscriptions/coverage.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import { loaders, type Loaders } from '../../operations/loaders.js';
import type { Answer, Operation, Verb } from '../../operations/operation.js';

/** One request: what all of its fields share. Plain functions, because Apollo copies its context. */
export interface GraphqlRequest {
  readonly caller: Caller;
  readonly view: View;
  readonly loaders: Loaders;
  /** Where the view stood before anything was read: all of the answer is true up to there at the least. */
  readonly began: Position;
  /** What it was answered, if it has been executed before Apollo saw it. */
  readonly executed?: ExecutionResult;
  /** What was asked of the gate so far. */
  readonly asked: ReadonlySet<Operation>;
  /** Backends whose part of the answer may be missing or old, by instance. */
  readonly gaps: ReadonlyMap<string, Gap>;
  operation(object: string, verb: Verb): Operation | undefined;
  /** Whether the caller may list the object, as the gate says. */
  mayRead(object: string): boolean;
  /** Runs an operation through the gate. */
  call<A extends Answer>(operation: Operation, input: unknown): Promise<A>;
  /** Asks the gate for an operation without running it: its answer is known, but for the backends whose part may be missing. */
  admit(operation: Operation): void;
  /** Throws unless the caller may list the object, asked of the gate once a request: what relations and counts do first. */
  permit(object: ObjectName): void;
  /** Resolves when it is certain that no object has the id, whatever it could be; asked of the gate once a request. */
  absent(id: string): Promise<void>;
}

/** The operations by object and verb. */
export type OperationIndex = ReadonlyMap<string, Operation>;

export function indexOf(operations: readonly Operation[]): OperationIndex {
  return new Map(operations.map((operation) => [`${operation.object.name}.${operation.verb}`, operation]));
}

/** Asks once for an object; refuses it again with the same words. */
function permits(ask: (object: ObjectName) => void): (object: ObjectName) => void {
  const asked = new Map<ObjectName, { readonly refusal?: unknown }>();
  const answerOf = (object: ObjectName) => {
    try {
      ask(object);
      return {};
    } catch (refusal) {
      return { refusal };
    }
  };
  return (object) => {
    let known = asked.get(object);
    if (!known) asked.set(object, (known = answerOf(object)));
    if (known.refusal !== undefined) throw known.refusal;
  };
}

/** The gate as one request asks it: what of it was asked, and what of the answers may be missing. */
function askingOf(gate: Gate, caller: Caller): Pick<GraphqlRequest, 'asked' | 'gaps' | 'call' | 'admit'> {
  const asked = new Set<Operation>();
  const gaps = new Map<string, Gap>();
  const note = (more: readonly Gap[]): void => {
    for (const gap of more) {
      const known = gaps.get(gap.instance);
      if (!known || (gap.fresh ?? 0) < (known.fresh ?? 0)) gaps.set(gap.instance, gap);
    }
  };
  return {
    asked,
    gaps,
    async call<A extends Answer>(operation: Operation, input: unknown): Promise<A> {
      asked.add(operation);
      const answer = await gate.call(caller, operation, input);
      note(answer.gaps);
      return answer as A;
    },
    admit(operation) {
      asked.add(operation);
      note(gate.permit(caller, operation));
    },
  };
}

export function requestOf(
  parts: { readonly gate: Gate; readonly view: View; readonly operations: OperationIndex },
  caller: Caller,
): GraphqlRequest {
  const { gate, view, operations } = parts;
  const asking = askingOf(gate, caller);
  const { call, admit } = asking;
  const operation = (object: string, verb: Verb) => operations.get(`${object}.${verb}`);

  /** What an absent id could have been: each reader says whether it knows, which no id changes. */
  async function askAbsent(id: string): Promise<void> {
    for (const get of operations.values()) {
      if (get.verb !== 'get' || get.object.singleton || !gate.mayCall(caller.principal, get)) continue;
      await call(get, { id }).catch((error: unknown) => {
        if (!(error instanceof Fault) || error.code !== 'NOT_FOUND') throw error;
      });
    }
  }
  let absent: Promise<void> | undefined;

  return {
    caller,
    view,
    ...asking,
    began: view.position(),
    loaders: loaders(view, caller.principal.scope),
    operation,
    mayRead(object) {
      const list = operation(object, 'list');
      return list !== undefined && gate.mayCall(caller.principal, list);
    },
    permit: permits((object) => {
      const list = operation(object, 'list');
      if (!list) throw new Error(`No operation lists ${object}, so no relation may lead to it.`);
      admit(list);
    }),
    absent: (id) => (absent ??= askAbsent(id)),
  };
}
