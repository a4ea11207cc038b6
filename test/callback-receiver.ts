import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A callback on loopback: says 204 to GET and whatever it is told to POST, and remembers. */
export async function receiver() {
  const received: Received[] = [];
  const state = { status: 204, verified: 0, verifies: 204 };
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      state.verified += 1;
      response.writeHead(state.verifies).end();
      return;
    }
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, text, body: JSON.parse(text) as Received['body'] });
      response.writeHead(state.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`;
  return { url, received, state, close: () => new Promise((resolve) => server.close(resolve)) };
}
