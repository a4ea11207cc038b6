import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A Sentinel that answers when it is told to: what real ones do within a millisecond can be done at any moment. */
export interface SlowSentinel {
  readonly port: number;
  /** The primary that it names; until this is settled, nobody is told. */
  primary: Promise<number>;
  /** Resolves when somebody asks for the primary next. */
  asked(): Promise<void>;
  /** Says that there was a failover to all who listen for it. */
  announce(): void;
  close(): Promise<void>;
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const list = (...items: readonly string[]) => `*${items.length}\r\n${items.join('')}`;
// RESP3: what nobody asked for, and the greeting, which is a map.
const push = (...items: readonly string[]) => `>${items.length}\r\n${items.join('')}`;
const hello = `%1\r\n${bulk('proto')}:3\r\n`;

export async function startSlowSentinel(primary: number): Promise<SlowSentinel> {
  const listeners = new Set<Socket>();
  const sockets = new Set<Socket>();
  let heard: () => void = () => undefined;
  const answer = async (socket: Socket, words: readonly string[]): Promise<string> => {
    const command = words.slice(0, 2).join(' ').toLowerCase();
    if (command === 'sentinel sentinels') return list();
    if (command === 'sentinel get-master-addr-by-name') {
      heard();
      return list(bulk('127.0.0.1'), bulk(String(await sentinel.primary)));
    }
    if (command.startsWith('hello')) return hello;
    if (!command.startsWith('subscribe')) return '+OK\r\n';
    listeners.add(socket);
    return push(bulk('subscribe'), bulk(words[1]!), ':1\r\n');
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => [sockets, listeners].forEach((each) => each.delete(socket)));
    socket.on('data', (data) => {
      // One command after the other, each in one packet or several of them in one: none is longer.
      for (const command of data.toString().split(/(?=\*\d+\r\n)/)) {
        const words = command.split('\r\n').filter((_line, index) => index > 0 && index % 2 === 0);
        void answer(socket, words).then((text) => socket.write(text));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sentinel: SlowSentinel = {
    port: (server.address() as AddressInfo).port,
    primary: Promise.resolve(primary),
    asked: () => new Promise((resolve) => (heard = resolve)),
    announce() {
      const message = push(bulk('message'), bulk('+switch-master'), bulk('main'));
      for (const listener of listeners) listener.write(message);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return sentinel;
}
