import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Row } from './client.js';
import { isObject } from './kinds.js';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A consumer of notifications on this machine; how it answers is written in the path of each callback. */
export interface Receiver {
  /**
   * A callback that nobody has yet: GET is answered with the first status, POST with the others in their order and from then
   * on with the last. A status from 300 to 399 leads to `target(callback)`: GET on another host, POST on the same.
   */
  callback(get?: number, ...posts: readonly number[]): string;
  target(callback: string): string;
  /** What came to a callback, oldest first. */
  requests(callback: string, method: string): readonly Received[];
  /** The notifications that came to a callback, repeated ones too. */
  notifications(callback: string): readonly Row[];
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    // Who hangs up in the middle has notified nothing.
    take(request, response, received).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let made = 0;
  const requests = (callback: string, method: string) =>
    received.filter((one) => one.method === method && url + one.path === callback);
  return {
    callback: (get = 204, ...posts) => `${url}/${get}/${posts.length === 0 ? 204 : posts.join('-')}/${++made}`,
    target: (callback) => `${url}${targetPath(callback.slice(url.length))}`,
    requests,
    notifications: (callback) => requests(callback, 'POST').map(({ text }) => notification(text)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const targetPath = (path: string): string => `/204/204/target-of-${path.split('/')[3] ?? ''}`;

function notification(text: string): Row {
  const body: unknown = JSON.parse(text);
  if (!isObject(body)) throw new Error(`a notification is no JSON object: ${text.slice(0, 300)}`);
  return body;
}

async function take(request: IncomingMessage, response: ServerResponse, received: Received[]): Promise<void> {
  const { method = '', url: path = '', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const nth = received.filter((one) => one.method === method && one.path === path).length;
  received.push({ method, path, headers, text: Buffer.concat(chunks).toString('utf8') });
  const [, get = '', posts = ''] = path.split('/');
  const statuses = (method === 'POST' ? posts : get).split('-').map(Number);
  const status = statuses[nth] ?? statuses.at(-1) ?? 500;
  const host = method === 'POST' ? '127.0.0.1' : 'localhost';
  const leads = status >= 300 && status < 400;
  const location = `http://${host}:${request.socket.localPort}${targetPath(path)}`;
  response.writeHead(status, leads ? { Location: location } : {});
  response.end(status === 200 ? '{}' : undefined);
}

/** What is looked at, as soon as it is there; fails after ten seconds. */
export async function soon<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error(`not within ten seconds: ${what}`);
}

/** How long nothing must come where nothing is due, once others have got it. */
export const quiet = (): Promise<void> => pause(500);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
