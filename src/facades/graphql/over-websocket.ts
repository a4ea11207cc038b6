import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols, makeServer, type Context, type Server } from 'graphql-ws';
import { GraphQLError } from 'graphql';
import { WebSocketServer, type WebSocket } from 'ws';
import { Fault } from '#schema/errors.js';
import { Turns } from '#platform/turns.js';
import { Exchange } from '../exchange.js';
import type { Connections } from '../live/connections.js';
import { requestIds } from '../request-id.js';
import { statusOf } from '../rest/problem.js';
import type { Answering } from './answering.js';
import { formatError } from './errors.js';
import type { Sent } from './live-documents.js';
import { beginOperation, type SocketOperationParts } from './socket-operations.js';
import { LiveSocket, type SocketLimits } from './socket.js';

export interface OverWebSocketParts extends SocketOperationParts {
  readonly connections: Connections;
  readonly limits: SocketLimits & SocketOperationParts['limits'];
}

/** Takes over a connection that asks for GraphQL over WebSocket (the protocol `graphql-transport-ws`). */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** How long a client may take to say who it is, milliseconds: what the protocol's reference implementation waits. */
const initWithin = 3000;
/** What may come before that, bytes: strangers cost no more memory than this and one read of their socket. */
const longestGreeting = 8192;
/** Of what a client said and was not begun yet, bytes. */
const mostWaiting = 65_536;
/** Of an operation, characters: it is said again before all that is told of it. */
const longestId = 128;
const tryAgainLater = 1013;
const internalError = 4500;

interface Opening extends OverWebSocketParts {
  /** Of those that are not known yet. */
  readonly greeting: Turns;
  /** Of those that are, by their names. */
  readonly saying: Turns;
}

type Ctx = Context<Record<string, unknown>, LiveSocket>;

export function graphqlOverWebSocket(parts: OverWebSocketParts): Upgrade {
  const server = new WebSocketServer({
    noServer: true,
    autoPong: false,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: parts.limits.messageBytes,
    handleProtocols,
  });
  const protocol = makeServer<Record<string, unknown>, LiveSocket>({
    connectionInitWaitTimeout: initWithin,
    onConnect(context) {
      const { extra, connectionParams } = context;
      // It would be kept for as long as the connection.
      Object.assign(context, { connectionParams: undefined });
      extra.operations = () => Object.keys(context.subscriptions).length;
      return letIn(parts, extra, connectionParams);
    },
    onSubscribe({ extra, subscriptions }, id, sent) {
      if (id.length > longestId) return refuseId(extra);
      return beginOperation(parts, extra, { id, sent: sent as Sent, open: Object.keys(subscriptions).length });
    },
    subscribe: ({ contextValue }) => contextValue as Answering,
    execute: ({ contextValue }) => contextValue as Answering,
    onError: (_context, _id, _sent, errors) => errors.map((error) => formatError(error.toJSON(), error)),
  });
  const nextId = requestIds();
  // 250 that came back at once, each 0.25 ms for its upgrade and as much for what it asked, kept a read waiting 250 ms. What
  // has come in waits for no connection that is still to be taken over, and no address for all that come from another.
  const [arriving, greeting, saying] = [new Turns(), new Turns(), new Turns()];
  const takeOver: Upgrade = (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (ws) => {
      const id = nextId(request.headers['x-request-id']);
      open({ ...parts, greeting, saying }, protocol, ws, new LiveSocket(ws, request, id, parts.limits));
    });
  return (request, socket, head) =>
    void arriving.of(request.socket.remoteAddress ?? '').take(() => takeOver(request, socket, head));
}

function open(parts: Opening, protocol: Server<LiveSocket>, ws: WebSocket, live: LiveSocket): void {
  const { socket, request, address } = live;
  // Whose token is in its upgrade is somebody from then on; whether another one is wrong is asked when it says who it is.
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    live.authorization = authorization;
    live.principal = parts.admission.known(socket, authorization);
  }
  let forget: () => void;
  try {
    forget = parts.connections.admit(live);
  } catch (error) {
    sendAway(parts, live, error as Fault);
    return;
  }
  live.boundUntilKnown(longestGreeting);
  const closed = protocol.opened(
    {
      protocol: ws.protocol,
      send: (text) => live.send(text),
      close: (code, reason) => live.close(code ?? internalError, reasonOf(reason ?? '')),
      onMessage: (take) => ws.on('message', hearing(parts, ws, live, take)),
    },
    live,
  );
  ws.once('close', (code, reason) => {
    forget();
    if (!live.introduced && !live.principal) noted(parts, live, parts.admission.silent(address));
    void closed(code, reason.toString());
  });
}

/**
 * Takes messages one at a time, in turns: whatever others say, who has only come is heard in the time it has for that. Of who
 * says more than waits for its turn nothing more is read meanwhile.
 */
function hearing(parts: Opening, ws: WebSocket, live: LiveSocket, take: (text: string) => Promise<void>) {
  const said: Buffer[] = [];
  let [waiting, inTurn, underWay] = [0, false, 0];
  const next = (): void => {
    inTurn = said.length > 0;
    if (!inTurn) return;
    // One that is not open any more has not ended yet: graphql-ws would take its id away from who uses that again meanwhile.
    if (live.open && underWay > live.operations()) return void setImmediate(next);
    const turns = live.principal ? parts.saying.of(live.principal.name) : parts.greeting;
    void turns.take(() => hear(said.shift()!));
  };
  const hear = (data: Buffer): void => {
    // Who has left is begun nothing for.
    if (!live.open) return void (said.length = 0);
    waiting -= data.length;
    if (waiting <= mostWaiting) ws.resume();
    live.heard = data.length;
    underWay += 1;
    const over = (): void => void (underWay -= 1);
    void take(data.toString()).then(over, (error: unknown) => {
      over();
      parts.unforeseen(error, live);
      live.close(internalError, 'Internal error');
    });
    next();
  };
  return (data: Buffer): void => {
    if (!live.hears()) return;
    if (!live.principal && data.length > longestGreeting) return live.sayFirst();
    waiting += data.length;
    if (waiting > mostWaiting) ws.pause();
    said.push(data);
    if (!inTurn) next();
  };
}

/** By the end of the connection: an error would say the id again. */
function refuseId(live: LiveSocket): readonly GraphQLError[] {
  const reason = `The id of an operation is longer than ${longestId} characters`;
  live.close(CloseCode.BadRequest, reason);
  return [new GraphQLError(reason)];
}

/** Whether the client is who it says: by the header of its upgrade, or by what it says first, as browsers must. */
function letIn(parts: OverWebSocketParts, live: LiveSocket, said: Ctx['connectionParams']): boolean {
  const named = said?.['authorization'] ?? said?.['Authorization'];
  live.authorization = typeof named === 'string' ? named : live.request.headers.authorization;
  live.introduced = true;
  const known = parts.admission.identify(live.socket, live.authorization);
  if (known instanceof Fault) return sendAway(parts, live, known);
  // Who left meanwhile is counted no more.
  if (!live.open) return false;
  live.principal = known;
  try {
    parts.connections.identified(live);
    return true;
  } catch (error) {
    return sendAway(parts, live, error as Fault);
  }
}

/** Refuses a connection, which is noted as a request would be that is refused. */
function sendAway(parts: OverWebSocketParts, live: LiveSocket, fault: Fault): false {
  const { code, message } = fault;
  noted(parts, live, fault);
  if (code === 'UNAUTHENTICATED') live.close(CloseCode.Forbidden, reasonOf(message));
  else live.close(tryAgainLater, reasonOf(message));
  return false;
}

function noted({ admission }: OverWebSocketParts, { request, requestId }: LiveSocket, { code }: Fault): void {
  admission.end(new Exchange(requestId), { request, method: 'WS', status: statusOf[code] });
}

/** Of a close frame, which holds 123 bytes of it. */
function reasonOf(message: string): string {
  let text = message;
  while (Buffer.byteLength(text) > 120) text = text.slice(0, -1);
  return text === message ? message : `${text}…`;
}
