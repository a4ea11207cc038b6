import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { alwaysClosed, loopback, type Closed } from '#platform/outbound/address.js';
import { outbound, type Outbound, type OutboundOptions } from '#platform/outbound/client.js';

/** Where receivers of these tests listen: the canary of the policy is 127.0.0.1. */
export const here = '127.0.0.2';

/** The core as it ships but for one address: 127.0.0.0/8 is written as the 24 networks around it. */
const coreWithHole: readonly Closed[] = [
  ...around(here, 8).map((network) => ({ network, what: 'a loopback address' })),
  ...loopback.filter(({ network }) => network !== '127.0.0.0/8'),
  ...alwaysClosed,
];

function around(address: string, prefix: number): string[] {
  const bits = address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0);
  return Array.from({ length: 32 - prefix }, (_, at) => {
    const length = prefix + 1 + at;
    const unit = 2 ** (32 - length);
    const sibling = (Math.floor(bits / unit) ^ 1) * unit;
    return `${[24, 16, 8, 0].map((shift) => Math.floor(sibling / 2 ** shift) % 256).join('.')}/${length}`;
  });
}

/** The client under the rules of production, but for the hole. */
export function underTest(options: Partial<OutboundOptions> & { readonly allow?: readonly string[] } = {}): Outbound {
  const { allow = [here], callbacks, ...more } = options;
  const lists = { allow: [...allow], http: true, tenants: {}, timeout: 5000, ...callbacks };
  return outbound({ mode: 'production', core: coreWithHole, ...more, callbacks: lists });
}

export interface Receiver {
  readonly port: number;
  readonly url: string;
  /** Connections taken so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A receiver that speaks HTTP. */
export function receiver(answer: RequestListener, host = here, port = 0): Promise<Receiver> {
  return started(createHttp(answer), 'http', host, port);
}

/** A receiver that speaks HTTPS. */
export function secureReceiver(tls: ServerOptions, answer: RequestListener, host = here): Promise<Receiver> {
  return started(createHttps(tls, answer), 'https', host);
}

/** A receiver that does with each connection what it likes. */
export function rawReceiver(take: (socket: Socket) => void, host = here): Promise<Receiver> {
  return started(
    createServer((socket) => take(socket.on('error', () => undefined))),
    'http',
    host,
  );
}

async function started(server: Server | HttpServer, scheme: string, host: string, at = 0): Promise<Receiver> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(at, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://${host}:${port}/hook`,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The beginning of an answer. */
export const head = (...headers: readonly string[]) =>
  `HTTP/1.1 200 OK\r\n${headers.map((each) => `${each}\r\n`).join('')}\r\n`;

/** Writes for as long as the other side reads, in turns, since both sides live in this process. */
export function pour(socket: Socket, text: string): void {
  const chunk = text.repeat(Math.ceil(16_384 / text.length));
  const more = () => {
    if (socket.destroyed) return;
    if (socket.write(chunk)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}
