import { WebSocket } from 'ws';
import type { GatewayUnderTest } from '../gateway-under-test.js';

/** How a connection ended. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

export type Message = Readonly<Record<string, unknown>>;

/** A client of `graphql-transport-ws` that says exactly what it is told to say. */
export interface LiveClient {
  readonly heard: Message[];
  readonly socket: WebSocket;
  readonly ended: Promise<Ended>;
  say(message: Message | string): void;
  /** Begins a subscription under an id. */
  subscribe(id: string, query: string, variables?: Message): void;
  /** Messages under an id, in order. */
  of(id: string): readonly Message[];
}

export interface Connect {
  /** Name of the client, which is its token. */
  readonly as?: string;
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Says who it is, and waits to be let in. */
  readonly init?: boolean;
}

export async function connectLive(gateway: Pick<GatewayUnderTest, 'url'>, options: Connect = {}): Promise<LiveClient> {
  const { as, protocol = 'graphql-transport-ws', headers = {}, init = true } = options;
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, protocol === '' ? [] : protocol, {
    headers,
  });
  const heard: Message[] = [];
  const acknowledged = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message['type'] === 'connection_ack') acknowledged.resolve();
    else heard.push(message);
  });
  const ended = new Promise<Ended>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const say = (message: Message | string) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const client: LiveClient = {
    heard,
    socket,
    ended,
    say,
    subscribe: (id, query, variables) => say({ id, type: 'subscribe', payload: { query, variables } }),
    of: (id) => heard.filter((each) => each['id'] === id),
  };
  if (init) {
    say({ type: 'connection_init', ...(as === undefined ? {} : { payload: { authorization: `Bearer ${as}` } }) });
    await Promise.race([acknowledged.promise, ended]);
  }
  return client;
}
