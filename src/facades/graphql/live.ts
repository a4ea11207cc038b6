import type { GraphQLSchema } from 'graphql';
import { Fault } from '#schema/errors.js';
import type { Seat, Sink, Stream } from '#subscriptions/live/stream.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Join } from '../live/join-hub.js';
import { dearerThan, tooDear, type Dearer } from './cost-limit.js';
import { formatError } from './errors.js';
import type { Execute } from './execution.js';
import type { LiveDocument } from './live-documents.js';
import type { Hold } from './open-documents.js';
import { requestOf, type OperationIndex } from './request.js';
import type { Happening } from './streams.js';

interface Parts {
  readonly schema: GraphQLSchema;
  readonly gate: Gate;
  readonly view: View;
  readonly operations: OperationIndex;
  readonly join: Join;
  readonly execute: Execute;
  readonly hold: Hold;
  readonly cost: number;
}

/** Begins the stream of a document; each text is a result of GraphQL, as JSON. Answers how to leave. Throws a Fault. */
export type Subscribe = (caller: Caller, document: LiveDocument, sink: SeatedSink) => () => void;

interface SeatedSink extends Sink<string> {
  /** Is given its place in the stream. */
  seated?(seat: Seat): void;
}

export function subscribing(parts: Parts): Subscribe {
  const { gate, join, hold, cost, view, schema } = parts;
  const dearer = dearerThan(cost, view, schema);
  return (caller, document, sink) => {
    const { field, args } = document;
    const { since } = args as { readonly since?: string | null };
    const watch = gate.watch(caller, { ...field.inputOf(args), ...(since == null ? {} : { since }) });
    refuseDear(parts, dearer, caller, document);
    const stream: Stream<string> = {
      key: `graphql ${watch.key}\n${document.shared}`,
      tenant: watch.scope.tenant,
      wants: (event) => watch.wants(event),
      anyOf: watch.anyOf,
      tell: (event) => executed(parts, caller, document, { event }),
      ...(field.tellsGaps && { tellGap: (gap) => executed(parts, caller, document, { gap }) }),
    };
    const letGo = hold(caller.principal, document);
    try {
      const seat = join(caller.principal, stream, sink, watch.since);
      sink.seated?.(seat);
      return () => {
        seat.leave();
        letGo();
      };
    } catch (refusal) {
      letGo();
      throw refusal;
    }
  };
}

/** What a caller of the same scope sees of what happened; limits and permissions have been asked when the stream began. */
async function executed(
  { execute, gate, view, operations }: Parts,
  { principal, requestId }: Caller,
  { document, operation, variables }: LiveDocument,
  happening: Happening,
): Promise<string> {
  // One signal that never aborts: an execution is for everybody, whoever leaves meanwhile.
  const everybody: Caller = { principal, requestId, signal: never, charged: true };
  const result = await execute({
    document,
    root: happening,
    context: requestOf({ gate, view, operations }, everybody),
    variables,
    operationName: operation.name?.value,
  });
  const { errors } = result;
  return JSON.stringify(
    errors ? { ...result, errors: errors.map((each) => formatError(each.toJSON(), each)) } : result,
  );
}

const never = new AbortController().signal;

function refuseDear(
  { gate, view, operations, cost: most }: Parts,
  dearer: Dearer,
  caller: Caller,
  asked: LiveDocument,
) {
  const cost = dearer(asked, requestOf({ gate, view, operations }, caller));
  if (cost) throw new Fault('INVALID', tooDear(cost, most), { at: 'query' });
}
