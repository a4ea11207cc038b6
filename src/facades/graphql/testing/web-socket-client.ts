import { WebSocket } from 'ws';

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

type Heard = Readonly<Record<string, unknown>>;

export interface WebSocketClient {
  readonly socket: WebSocket;
  /** What it was told, the acknowledgement first. */
  readonly heard: Heard[];
  /** With which code it was closed. */
  readonly closed: Promise<number>;
  say(message: object): void;
  ask(id: string, query?: string): void;
}

/** A connection on which nothing is said yet. */
export async function openTo(url: string, options: WebSocket.ClientOptions = {}): Promise<WebSocketClient> {
  const socket = new WebSocket(url, 'graphql-transport-ws', options);
  const heard: Heard[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Heard));
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
  const say = (message: object) => socket.send(JSON.stringify(message));
  const ask = (id: string, query = '{ text }') => say({ id, type: 'subscribe', payload: { query } });
  return { socket, heard, closed, say, ask };
}

/** A client that has said who it is, and was let in. */
export async function connectTo(url: string, options?: WebSocket.ClientOptions): Promise<WebSocketClient> {
  const client = await openTo(url, options);
  client.say({ type: 'connection_init' });
  await until(() => client.heard.length === 1);
  return client;
}
