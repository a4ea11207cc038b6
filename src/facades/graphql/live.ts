import type { GraphQLSchema } from 'graphql';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Seat, Sink, Stream } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Join } from '../live/join-hub.js';
import { priceOf } from './cost.js';
import { costing, spending, tooDear, type Costing } from './cost-limit.js';
import { formatError, unforeseenIn } from './errors.js';
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
  /** Of what is told at once, bytes: no connection may have more untaken. */
  readonly longest: number;
  unforeseen(error: unknown, caller: Pick<Caller, 'requestId'>): void;
}

/** Begins the stream of a document; each text is a result of GraphQL, as JSON. Answers how to leave. Throws a Fault. */
export type Subscribe = (caller: Caller, document: LiveDocument, sink: SeatedSink) => () => void;

interface SeatedSink extends Sink<string> {
  /** Is given its place in the stream. */
  seated?(seat: Seat): void;
}

export function subscribing(parts: Parts): Subscribe {
  const { gate, join, hold, cost, longest, view, schema } = parts;
  const costIn = costing(view, schema);
  const spend = spending(cost);
  return (caller, document, sink) => {
    const { field, args } = document;
    const { since } = args as { readonly since?: string | null };
    const watch = gate.watch(caller, { ...field.inputOf(args), ...(since == null ? {} : { since }) });
    const price = priceFor(parts, costIn, caller, document);
    const words = `graphql ${watch.scope.key}\n${document.words}`;
    const stream: Stream<string> = {
      key: `graphql ${watch.key}\n${document.shared}`,
      words,
      tenant: watch.scope.tenant,
      wants: (event) => watch.wants(event),
      anyOf: watch.anyOf,
      tell: async (event) => told(await executed(parts, watch.scope, document, { event }), event, longest),
      ...(field.tellsGaps && { tellGap: (gap) => executed(parts, watch.scope, document, { gap }) }),
    };
    const ends = [hold(caller.principal, document)];
    const end = () => {
      for (const each of ends.splice(0).reverse()) each();
    };
    try {
      ends.push(spend(caller.principal, words, price));
      const seat = join(caller.principal, stream, sink, watch.since);
      ends.push(() => seat.leave());
      sink.seated?.(seat);
      return end;
    } catch (refusal) {
      end();
      throw refusal;
    }
  };
}

/** How long it is is in the hands of who asks: all that did not take it kept a text of megabytes each. */
function told(text: string, { change }: ToldEvent, longest: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= longest) return text;
  const position = formatPosition(change.position);
  throw new Fault(
    'TOO_LARGE',
    `What happened at ${position} has ${bytes} bytes as it was asked for; at most ${longest} are told ` +
      '(limits.live.backlog). Ask for less, or go on behind it.',
    { at: 'query' },
  );
}

/** What a caller of the same scope sees of what happened; limits and permissions have been asked when the stream began. */
async function executed(
  { execute, gate, view, operations, unforeseen }: Parts,
  scope: Scope,
  { document, operation, variables, field, words }: LiveDocument,
  happening: Happening,
): Promise<string> {
  // For everybody, whoever leaves meanwhile: the signal never aborts, and what fails is logged under no client of those it is for.
  const everybody: Caller = {
    principal: { name: 'live streams', scope },
    requestId: `stream ${field.name} ${words}`,
    signal: never,
    charged: true,
  };
  const result = await execute({
    document,
    root: happening,
    context: requestOf({ gate, view, operations }, everybody),
    variables,
    operationName: operation.name?.value,
  });
  const { errors } = result;
  if (!errors) return JSON.stringify(result);
  for (const error of unforeseenIn(errors)) unforeseen(error, everybody);
  return JSON.stringify({ ...result, errors: errors.map((each) => formatError(each.toJSON(), each)) });
}

const never = new AbortController().signal;

/** Throws INVALID when it is too dear. */
function priceFor(
  { gate, view, operations, cost: most }: Parts,
  costIn: Costing,
  caller: Caller,
  asked: LiveDocument,
): number {
  const cost = costIn(asked, requestOf({ gate, view, operations }, caller));
  const price = priceOf(cost);
  if (price > most) throw new Fault('INVALID', tooDear(cost, most), { at: 'query' });
  return price;
}
