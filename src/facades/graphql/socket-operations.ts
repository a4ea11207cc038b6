import { GraphQLError, OperationTypeNode, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { Fault, internal } from '#schema/errors.js';
import { samePrincipal, type Principal } from '../../access/principal.js';
import type { Caller } from '../../operations/gate.js';
import type { Admission } from '../admission.js';
import type { Asked, AtLeast } from '../at-least.js';
import { Exchange, type EdgeCaller } from '../exchange.js';
import { goesAway } from '../live/connections.js';
import { statusOf } from '../rest/problem.js';
import { Answering } from './answering.js';
import { GraphQLErrors, type LiveDocument, type LiveDocuments, type Sent } from './live-documents.js';
import type { Subscribe } from './live.js';
import { Place } from './place.js';
import type { LiveSocket } from './socket.js';

export interface SocketOperationParts {
  readonly schema: GraphQLSchema;
  readonly documents: LiveDocuments;
  readonly subscribe: Subscribe;
  readonly admission: Admission;
  readonly atLeast: AtLeast;
  readonly limits: { readonly streamsPerConnection: number };
  /** Queries and mutations, as over HTTP. */
  once(sent: Sent, caller: Caller): Promise<ExecutionResult>;
  unforeseen(error: unknown, caller: Pick<Caller, 'requestId'>): void;
}

/** What a client sent to begin an operation. */
interface Message {
  readonly id: string;
  readonly sent: Sent;
  /** How many operations of the connection are not over, this one included. */
  readonly open: number;
}

/** Begins an operation of a WebSocket as the edge does one of HTTP; `contextValue` is an Answering. */
export function beginOperation(
  parts: SocketOperationParts,
  live: LiveSocket,
  { id, sent, open }: Message,
): ExecutionArgs | readonly GraphQLError[] {
  const exchange = new Exchange(live.nextId());
  let method = 'WS';
  const end = (status: number) => parts.admission.end(exchange, { request: live.request, method, status });
  try {
    const caller = admitted(parts, exchange, live, open);
    const checked = parts.documents.check(sent);
    const { document, operation } = checked;
    method = `WS-${operation.operation.toUpperCase()}`;
    const begun = { id, live, exchange, caller, asked: askedIn(parts.atLeast, sent), end };
    const contextValue =
      operation.operation === OperationTypeNode.SUBSCRIPTION
        ? stream(parts, begun, parts.documents.live(checked, sent))
        : once(parts, begun, sent);
    return { schema: parts.schema, document, operationName: operation.name?.value ?? null, contextValue };
  } catch (error) {
    end(statusFor(error));
    return errorsOf(parts, error, exchange);
  }
}

/** A browser sends no headers with an operation; what is asked for beside the document, `extensions` is for. */
function askedIn(atLeast: AtLeast, { extensions }: Sent): Asked | undefined {
  const text = extensions?.['atLeast'];
  return text == null ? undefined : atLeast.asked(text, 'extensions.atLeast');
}

function admitted(
  { admission, limits: { streamsPerConnection: most } }: SocketOperationParts,
  exchange: Exchange,
  live: LiveSocket,
  open: number,
): EdgeCaller {
  const overload = admission.overload();
  if (overload) throw overload;
  const caller = admission.admit(exchange, stillKnown(admission, live));
  if (caller instanceof Fault) throw caller;
  if (open > most) throw new Fault('RATE_LIMITED', `One connection has at most ${most} operations at once.`);
  return caller;
}

/** Tokens end and roles change between two looks at who is still welcome; who is not begins nothing meanwhile. */
function stillKnown(admission: Admission, live: LiveSocket): Principal {
  const now = admission.identify(live.socket, live.authorization);
  if (!(now instanceof Fault) && samePrincipal(now, live.principal!)) return now;
  // Behind what the operation is answered.
  setImmediate(() => live.revoked());
  throw now instanceof Fault ? now : new Fault('UNAUTHENTICATED', 'What you may do has changed: connect again.');
}

interface Begun {
  readonly id: string;
  readonly live: LiveSocket;
  readonly exchange: Exchange;
  readonly caller: EdgeCaller;
  /** Where it is to be true at the least. */
  readonly asked: Asked | undefined;
  end(status: number): void;
}

function stream(parts: SocketOperationParts, begun: Begun, document: LiveDocument): Answering {
  const { id, live, exchange, caller, asked } = begun;
  const forget = kept(live, id);
  const sink = sinkOf(begun, (fault) => void answering.throw(fault).catch(() => undefined));
  let leave: (() => void) | undefined;
  let status = 200;
  const begin = () => {
    if (!live.leaving) leave = parts.subscribe(caller, document, sink);
    // From here on it is bounded as a stream.
    exchange.leave();
  };
  const come = asked && parts.atLeast.reached(asked, caller);
  if (!come) unlessRefused(begin, forget);
  const answering = new Answering(() => {
    caller.left();
    leave?.();
    forget();
    begun.end(status);
  });
  come
    ?.then(() => answering.over || begin())
    .catch((error: unknown) => {
      if (answering.over || live.leaving) return;
      status = statusFor(error);
      sink.end(faultOf(parts, error, caller));
    });
  return answering;
}

/** What its connection keeps of a stream; answers how to forget it. */
function kept(live: LiveSocket, id: string): () => void {
  const forget = live.keep(live.heard);
  live.places.set(id, new Place());
  return () => {
    forget();
    live.places.delete(id);
  };
}

function sinkOf(begun: Begun, end: (fault: Fault) => void): Parameters<Subscribe>[2] {
  const { id, live } = begun;
  const textOf = wording(begun);
  const place = live.places.get(id)!;
  return {
    // Who is sent away resumes from what it was told last; the end of a stream would keep it from coming back.
    take(told) {
      if (!live.open || live.leaving) return told.length;
      place.told();
      return live.sendTogether(told, ({ what }) => textOf(what));
    },
    whenRoom: (then) => live.outlet.whenRoom(then),
    end,
    seated: (seat) => void (place.seat = seat),
  };
}

/** Begins a stream; one that is refused leaves nothing behind on its connection. */
function unlessRefused(begin: () => void, forget: () => void): void {
  try {
    begin();
  } catch (refusal) {
    forget();
    throw refusal;
  }
}

function once(parts: SocketOperationParts, begun: Begun, sent: Sent): Answering {
  const { live, caller, asked } = begun;
  if (live.leaving) throw goesAway();
  const textOf = wording(begun);
  let status = 499;
  const answering = new Answering(() => {
    caller.left();
    begun.end(status);
  });
  live.turns.add(live.heard, async () => {
    if (answering.over) return;
    if (live.leaving) {
      status = 503;
      return void answering.throw(goesAway()).catch(() => undefined);
    }
    try {
      // In its turn, because all that waits on a connection is bounded by them.
      if (asked) await parts.atLeast.reached(asked, caller);
      if (answering.over) return;
      const result = JSON.stringify(await parts.once(sent, caller));
      if (answering.over) return;
      await new Promise<void>((taken) => live.send(textOf(result), taken));
      status = 200;
      await answering.return();
    } catch (error) {
      status = statusFor(error);
      await answering.throw(faultOf(parts, error, caller)).catch(() => undefined);
    }
  });
  return answering;
}

/** Messages for results of an operation, which are JSON already. */
function wording({ id, exchange }: Begun): (result: string) => string {
  const before = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return (result) => {
    exchange.bytes = (exchange.bytes ?? 0) + Buffer.byteLength(result);
    return `${before}${result}}`;
  };
}

/** What its caller is told of what kept an operation from going on. */
function faultOf({ unforeseen }: SocketOperationParts, error: unknown, caller: Caller): Fault {
  if (error instanceof Fault) return error;
  unforeseen(error, caller);
  return internal(error);
}

function statusFor(error: unknown): number {
  if (error instanceof Fault) return statusOf[error.code];
  return error instanceof GraphQLErrors || error instanceof GraphQLError ? 400 : 500;
}

function errorsOf({ unforeseen }: SocketOperationParts, error: unknown, exchange: Exchange): readonly GraphQLError[] {
  if (error instanceof GraphQLErrors) return error.errors;
  if (error instanceof GraphQLError) return [error];
  if (!(error instanceof Fault)) unforeseen(error, exchange);
  return [new GraphQLError((error as Error).message, { originalError: error as Error })];
}
