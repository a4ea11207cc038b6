import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './free-port.js';

/** A proxy on 127.0.0.1 that does to connections what networks do. It never looks inside, so TLS passes untouched. */
export interface TcpProxy {
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections taken since the start. */
  readonly accepted: number;
  /** Ends every open connection with a FIN, as a load balancer that is restarted does. New ones are served. */
  cut(): void;
  /** Ends every open connection with a RST. New ones are served. */
  reset(): void;
  /** Passes nothing on, either way, and keeps everything open, new connections too: a network that went dark. */
  hold(): void;
  /** Ends `hold`; what was held back is passed on. */
  release(): void;
  /** Sends a FIN to the clients of the open connections and goes on taking from them. */
  halfClose(): void;
  /** Lets `bytes` more from the server through, all connections counted together, then cuts the connection that
   * carries the last of them. Strikes once; resolves when it has. */
  truncateAfter(bytes: number): Promise<void>;
  /** Stops listening: new connections are refused, open ones live on. */
  refuse(): void;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  close(): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

interface Truncation {
  left: number;
  struck(): void;
}

/** Forwards to `targetPort` of 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const port = await freePort();
  let held = false;
  let accepted = 0;
  let truncation: Truncation | undefined;

  function drop(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  function fromServer(pair: Pair, chunk: Buffer): boolean {
    if (pair.client.writableEnded) return true;
    const fault = truncation;
    if (!fault) return pair.client.write(chunk);
    if (chunk.length < fault.left) {
      fault.left -= chunk.length;
      return pair.client.write(chunk);
    }
    truncation = undefined;
    pair.server.destroy();
    pair.client.once('close', fault.struck);
    pair.client.write(chunk.subarray(0, fault.left));
    pair.client.destroySoon();
    return true;
  }

  function forward(pair: Pair, from: Socket, to: Socket, pass: (chunk: Buffer) => boolean): void {
    from.on('data', (chunk: Buffer) => {
      if (!pass(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!held) from.resume();
    });
    from.on('end', () => to.end());
    from.on('error', () => drop(pair));
    if (held) from.pause();
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    forward(pair, client, server, (chunk) => server.write(chunk));
    forward(pair, server, client, (chunk) => fromServer(pair, chunk));
    client.on('close', () => drop(pair));
  });

  const accept = (): Promise<void> =>
    new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(port, '127.0.0.1', () => {
        listener.off('error', reject);
        resolve();
      });
    });

  await accept();
  return {
    port,
    get connections() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    cut: () => {
      for (const pair of pairs) {
        pair.server.destroy();
        pair.client.destroySoon();
      }
    },
    reset: () => {
      for (const pair of pairs) {
        pair.client.resetAndDestroy();
        drop(pair);
      }
    },
    hold: () => {
      held = true;
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.pause();
    },
    release: () => {
      held = false;
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.resume();
    },
    halfClose: () => {
      for (const { client } of pairs) client.end();
    },
    truncateAfter: (bytes) =>
      new Promise((resolve) => {
        truncation = { left: bytes, struck: resolve };
      }),
    // The port is closed when this returns; what close() goes on waiting for are the open connections.
    refuse: () => void listener.close(),
    accept,
    close: () => {
      listener.close();
      for (const pair of pairs) drop(pair);
    },
  };
}
