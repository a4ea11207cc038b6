import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../peers/free-port.js';
import { receiptOf, type Marks, type Receipt } from './receipt.js';

/** How a receiver fails, whatever it is sent. */
export type Failing = 'answer 500' | 'no answer' | 'reset' | 'half body' | 'refuse connections';

/** A callback on loopback that records what arrives. */
export interface Receiver {
  readonly port: number;
  fail(how: Failing): void;
  heal(): Promise<void>;
  close(): void;
}

export interface ReceiverOptions {
  /** Where it writes down what arrived whole. */
  readonly record: Receipt[];
  /** Milliseconds before it answers. */
  readonly slowness?: () => number | Promise<number>;
  /** Of another O-Cloud than the harness's own. */
  readonly marks?: Marks;
}

const answers: Readonly<Record<Exclude<Failing, 'refuse connections'>, (response: ServerResponse) => void>> = {
  'answer 500': (response) => void response.writeHead(500).end('broken'),
  'no answer': () => undefined,
  reset: ({ socket }) => void socket?.resetAndDestroy(),
  'half body': (response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('half of it', () => response.destroy());
  },
};

/** `/<subscription>` is the callback of a subscription. */
export async function startReceiver({ record, slowness = () => 0, marks }: ReceiverOptions): Promise<Receiver> {
  const port = await freePort();
  let failing: Failing | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'GET') return void response.writeHead(204).end();
    const parts: Buffer[] = [];
    request.on('error', () => undefined); // what did not arrive whole is not recorded
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const about = { subscription: request.url!.slice(1), id: String(request.headers['webhook-id']), at: Date.now() };
      const receipt = receiptOf(Buffer.concat(parts).toString(), about, marks);
      record.push(receipt);
      void answer(response, receipt);
    });
  });

  async function answer(response: ServerResponse, receipt: Receipt): Promise<void> {
    if (failing && failing !== 'refuse connections') return answers[failing](response);
    await sleep(await slowness());
    response.once('finish', () => (receipt.taken = true));
    response.writeHead(204).end();
  }

  await listening(server, port);
  return {
    port,
    fail: (how) => {
      failing = how;
      if (how === 'refuse connections') {
        server.close();
        server.closeAllConnections();
      }
    },
    heal: async () => {
      failing = undefined;
      if (!server.listening) await listening(server, port);
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
