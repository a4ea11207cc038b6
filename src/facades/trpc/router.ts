import {
  initTRPC,
  type AnyTRPCProcedure,
  type TRPCBuiltRouter,
  type TRPCMutationProcedure,
  type TRPCQueryProcedure,
} from '@trpc/server';
import type { z } from 'zod';
import type { ObjectName, ValueOf } from '#schema/objects.js';
import type { CollectionOf, SubjectName } from '#schema/subjects.js';
import { Fault } from '#schema/errors.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Answer, Operation, Verb } from '../../operations/operation.js';
import type { AnyOperation } from '../../operations/operations.js';
import { Turns } from '../../platform/turns.js';
import { refuseDeep } from '../nesting.js';
import { errorShape, trpcError, type ErrorShape } from './errors.js';
import { outputOf, type ListOutput, type WrittenOutput } from './outputs.js';
import type { StreamConnection } from './stream-connection.js';
import { watching, type LiveParts, type WatchProcedure } from './watch.js';

/** What a request's procedures share. */
interface TrpcContext {
  readonly caller: Caller;
  /** Answers of the request so far, for its headers. */
  readonly answers: Answer[];
  /** The response, when it is a stream that goes on. */
  streaming(): StreamConnection;
  /** The input in the URL, to say where it is no JSON. */
  sentInput(): string | undefined;
}

/** Left out altogether when nothing in it must be said. */
type InputOf<I extends z.ZodType> = Record<never, never> extends z.input<I> ? z.input<I> | void : z.input<I>;

type ProcedureOf<O> =
  O extends Operation<infer N, infer V, infer I, infer Out>
    ? O extends { readonly output: z.ZodObject }
      ? O['kind'] extends 'query'
        ? TRPCQueryProcedure<{ meta: object; input: InputOf<I>; output: z.output<Out> }>
        : TRPCMutationProcedure<{ meta: object; input: InputOf<I>; output: z.output<Out> }>
      : N extends ObjectName
        ? V extends 'list'
          ? TRPCQueryProcedure<{ meta: object; input: InputOf<I>; output: ListOutput<N> }>
          : V extends 'get'
            ? TRPCQueryProcedure<{ meta: object; input: InputOf<I>; output: ValueOf<N> }>
            : TRPCMutationProcedure<{ meta: object; input: InputOf<I>; output: WrittenOutput<N> }>
        : never
    : never;

type Of<N extends SubjectName, O = AnyOperation> =
  O extends Operation<infer M, Verb> ? ([M, N] extends [N, M] ? O : never) : never;

/** A router per collection, a procedure per verb. */
type Procedures = {
  readonly [N in SubjectName as CollectionOf<N>]: { readonly [O in Of<N> as O['verb']]: ProcedureOf<O> };
};

/** What a client is typed by. */
export type Router = TRPCBuiltRouter<
  { ctx: TrpcContext; meta: object; errorShape: ErrorShape; transformer: false },
  Procedures & { readonly changes: { readonly watch: WatchProcedure } }
>;

/** The gate parses, strictly and after authorising; tRPC hands on what came. Nothing said is `{}`. */
function untouched(raw: unknown): unknown {
  refuseDeep(raw, 'The input nests', 'input');
  return raw ?? {};
}

interface Parts {
  readonly gate: Gate;
  readonly view: View;
  readonly operations: readonly Operation[];
  readonly live: LiveParts;
}

/** A sign of life between events, and after how long without any a client connects anew; milliseconds. */
const sse = { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } };

/** Every operation as a procedure that asks the gate. */
export function trpcRouter({ gate, view, operations, live }: Parts): Router {
  const root = initTRPC.context<TrpcContext>().create({ isDev: false, errorFormatter: errorShape, sse });
  const collections: Record<string, Record<string, AnyTRPCProcedure>> = {};
  for (const operation of operations) {
    const run = async ({ ctx, input }: { ctx: TrpcContext; input: unknown }): Promise<unknown> => {
      const answer = await asked(gate, ctx.caller, operation, input);
      ctx.answers.push(answer);
      return outputOf(view, ctx.caller.principal.scope, answer);
    };
    const procedure = root.procedure.input(untouched);
    const made = operation.kind === 'query' ? procedure.query(run) : procedure.mutation(run);
    (collections[operation.object.collection] ??= {})[operation.verb] = made;
  }
  const turns = new Turns();
  const watch = root.procedure.input(untouched).subscription(({ ctx, input, signal }) => {
    const streaming = { caller: ctx.caller, connection: ctx.streaming() };
    return watching({ gate, view, turns, ...live }, streaming, input, signal!);
  });
  collections['changes'] = { watch };
  // The one cast: a loop cannot say which procedure stands where, and `Procedures` says it from the same list.
  return root.router(collections) as unknown as Router;
}

async function asked(gate: Gate, caller: Caller, operation: Operation, input: unknown): Promise<Answer> {
  try {
    // Without a stamp held the gate never answers `unchanged`.
    return (await gate.call(caller, operation, input)) as Answer;
  } catch (error) {
    throw error instanceof Fault ? trpcError(error) : error;
  }
}
