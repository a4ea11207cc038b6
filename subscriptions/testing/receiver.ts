import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A notification as it arrived. */
export interface Received {
  readonly id: string;
  readonly body: { readonly object: string; readonly n: number };
  readonly headers: IncomingHttpHeaders;
  /** Whether it was answered 2xx. */
  taken: boolean;
}

/** Answers one request; a receiver that does nothing is a black hole. */
export type Behaviour = (response: ServerResponse, received: Received, count: number) => void;

export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end();
export const good = answer(204);

export interface Receiver {
  readonly url: string;
  /** Everything that arrived whole, in order. */
  readonly all: Received[];
  /** Most requests that were open at once. */
  readonly widest: number;
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A callback on loopback. */
export async function receiver(first: Behaviour = good): Promise<Receiver> {
  const all: Received[] = [];
  let behaviour = first;
  let [open, widest] = [0, 0];
  const server = createServer((request, response) => {
    open += 1;
    widest = Math.max(widest, open);
    response.on('close', () => (open -= 1));
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Received['body'];
      const received = { id: String(request.headers['webhook-id']), body, headers: request.headers, taken: false };
      all.push(received);
      response.on('finish', () => (received.taken = response.statusCode < 300));
      behaviour(response, received, all.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    all,
    get widest() {
      return widest;
    },
    behave: (next) => void (behaviour = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
