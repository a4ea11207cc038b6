import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { handleProtocols, makeServer, type Context, type Server } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { Fault } from '#schema/errors.js';
import type { Sink } from '#subscriptions/live/stream.js';
import type { IdentifyPrincipal } from '../../access/principal.js';
import type { Caller } from '../../operations/gate.js';
import type { Connections } from '../live/connections.js';
import { Endless } from './endless.js';
import { formatError } from './errors.js';
import { GraphQLErrors, type LiveDocument, type LiveDocuments, type Sent } from './live-documents.js';
import type { Subscribe } from './live.js';
import { LiveSocket } from './socket.js';

export interface OverWebSocketParts {
  readonly schema: GraphQLSchema;
  readonly documents: LiveDocuments;
  readonly subscribe: Subscribe;
  readonly connections: Connections;
  readonly identify: IdentifyPrincipal;
  readonly limits: {
    readonly messageBytes: number;
    readonly backlog: number;
    readonly messagesPerSecond: number;
    readonly streamsPerConnection: number;
  };
  /** Queries and mutations, as over HTTP. */
  once(sent: Sent, caller: Caller): Promise<ExecutionResult>;
  unforeseen(error: unknown, caller: Caller): void;
}

/** Takes over a connection that asks for GraphQL over WebSocket (the protocol `graphql-transport-ws`). */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** How long a client may take to say who it is, milliseconds: what the protocol's reference implementation waits. */
const initWithin = 3000;
const tryAgainLater = 1013;
const internalError = 4500;

type Ctx = Context<Record<string, unknown>, LiveSocket>;

export function graphqlOverWebSocket(parts: OverWebSocketParts): Upgrade {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: parts.limits.messageBytes,
    handleProtocols,
  });
  const protocol = makeServer<Record<string, unknown>, LiveSocket>({
    connectionInitWaitTimeout: initWithin,
    onConnect: ({ extra, connectionParams }) => letIn(parts, extra, connectionParams),
    onSubscribe: (context, id, sent) => begin(parts, context, id, sent as Sent),
    subscribe: ({ contextValue }) => contextValue as Endless,
    execute: ({ contextValue }) => (contextValue as () => Promise<ExecutionResult>)(),
    onError: (_context, _id, _sent, errors) => errors.map((error) => formatError(error.toJSON(), error)),
  });
  return (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (ws) => open(parts, protocol, ws, request));
}

function open(parts: OverWebSocketParts, protocol: Server<LiveSocket>, ws: WebSocket, request: IncomingMessage): void {
  const live = new LiveSocket(ws, request, parts.limits.backlog);
  let forget: () => void;
  try {
    forget = parts.connections.admit(live);
  } catch (error) {
    return live.close(tryAgainLater, (error as Error).message);
  }
  const closed = protocol.opened(
    {
      protocol: ws.protocol,
      send: (text) => live.send(text),
      close: (code, reason) => live.close(code ?? internalError, reason ?? ''),
      onMessage: (take) =>
        ws.on('message', (data: Buffer) => {
          if (!live.charge(parts.limits.messagesPerSecond)) return;
          take(data.toString()).catch((error: unknown) => {
            parts.unforeseen(error, callerOf(live, 'websocket'));
            live.close(internalError, 'Internal error');
          });
        }),
    },
    live,
  );
  ws.once('close', (code, reason) => {
    forget();
    void closed(code, reason.toString());
  });
}

/** Whether the client is who it says: by the header of its upgrade, or by what it says first, as browsers must. */
function letIn({ identify, connections }: OverWebSocketParts, live: LiveSocket, said: Ctx['connectionParams']) {
  const named = said?.['authorization'] ?? said?.['Authorization'];
  live.authorization = typeof named === 'string' ? named : live.request.headers.authorization;
  const principal = identify(live.socket, live.authorization);
  if (!principal) return false;
  // Who left meanwhile is counted no more.
  if (!live.open) return false;
  live.principal = principal;
  try {
    connections.identified(principal);
  } catch (error) {
    live.close(tryAgainLater, (error as Error).message);
  }
  return true;
}

function callerOf(live: LiveSocket, requestId: string): Caller {
  return { principal: live.principal!, requestId, signal: new AbortController().signal };
}

function begin(
  parts: OverWebSocketParts,
  { extra: live, subscriptions }: Ctx,
  id: string,
  sent: Sent,
): ExecutionArgs | readonly GraphQLError[] {
  const most = parts.limits.streamsPerConnection;
  try {
    if (Object.keys(subscriptions).length > most)
      throw new Fault('RATE_LIMITED', `One connection has at most ${most} operations at once.`);
    const caller = callerOf(live, id);
    const checked = parts.documents.check(sent);
    const { document, operation } = checked;
    const contextValue =
      operation.operation === 'subscription'
        ? stream(parts, live, { id, caller, document: parts.documents.live(checked, sent) })
        : () => parts.once(sent, caller);
    return { schema: parts.schema, document, operationName: operation.name?.value ?? null, contextValue };
  } catch (error) {
    return errorsOf(parts, error, live);
  }
}

interface Asked {
  readonly id: string;
  readonly caller: Caller;
  readonly document: LiveDocument;
}

function stream({ subscribe }: OverWebSocketParts, live: LiveSocket, { id, caller, document }: Asked): Endless {
  const before = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const sink: Sink<string> = {
    take: (told) => (live.open ? live.outlet.write(told, ({ what }) => live.send(`${before}${what}}`)) : told.length),
    whenRoom: (then) => live.outlet.whenRoom(then),
    end: (fault) => void endless.throw(fault).catch(() => undefined),
  };
  const leave = subscribe(caller, document, sink);
  const endless = new Endless(leave);
  return endless;
}

function errorsOf({ unforeseen }: OverWebSocketParts, error: unknown, live: LiveSocket): readonly GraphQLError[] {
  if (error instanceof GraphQLErrors) return error.errors;
  if (error instanceof GraphQLError) return [error];
  if (!(error instanceof Fault)) unforeseen(error, callerOf(live, 'websocket'));
  return [new GraphQLError((error as Error).message, { originalError: error as Error })];
}
