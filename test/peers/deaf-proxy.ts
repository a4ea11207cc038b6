import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy to a Redis that passes on everything but what is told to those who listen: wake-ups that are lost, and nothing else. */
export interface DeafProxy {
  readonly port: number;
  /** Messages of channels that nobody heard. */
  readonly swallowed: number;
  /** Stops swallowing. */
  hear(): void;
  close(): void;
}

const subscribing = /\$9\r\nsubscribe\r\n/i;
// A push of RESP 3, or what is one in RESP 2.
const confirmed = /[*>]3\r\n\$9\r\nsubscribe\r\n\$\d+\r\n[^\r]*\r\n:\d+\r\n$/;

export async function startDeafProxy(targetPort: number): Promise<DeafProxy> {
  const sockets = new Set<Socket>();
  let [swallowed, deaf] = [0, true];
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    let heard: 'everything' | 'until it is confirmed' | 'nothing' = 'everything';
    client.on('data', (chunk: Buffer) => {
      if (heard === 'everything' && subscribing.test(chunk.toString('latin1'))) heard = 'until it is confirmed';
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (deaf && heard === 'nothing') swallowed += text.split('$7\r\nmessage\r\n').length - 1;
      else client.write(chunk);
      if (heard === 'until it is confirmed' && confirmed.test(text)) heard = 'nothing';
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    get swallowed() {
      return swallowed;
    },
    hear: () => void (deaf = false),
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
