import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { bind } from './bind.js';

/**
 * libuv accepts one connection of a socket in a turn of the event loop, and a turn of a machine that is short of processor time
 * takes 100 ms: with 67 new connections a second the queue of the one socket ran over, and what came was reset (512 waited after
 * 7 s; with 16 sockets one run measured 46 at most). Sockets of one port share what comes, where the system has SO_REUSEPORT.
 */
const sockets = 16;

export interface Acceptors {
  readonly port: number;
  /** Accepts no more. Resolves when every connection that was accepted has ended. */
  close(): Promise<void>;
}

/**
 * Opens the port for a server of HTTP, which takes `most` connections at a time; each further one is closed at once, and `refused`
 * told. Throws UNAVAILABLE as `bind` does.
 */
export async function accept(
  server: Server,
  { host, port, most, refused }: { host: string; port: number; most: number; refused: () => void },
): Promise<Acceptors> {
  let open = 0;
  let byOthers = 0;
  server.on('connection', (socket: Socket) => {
    open += 1;
    socket.once('close', () => (open -= 1));
  });
  server.maxConnections = most;
  server.on('drop', refused);

  // The server counts only what it accepts itself.
  const take = (socket: Socket): void => {
    if (open >= most) {
      refused();
      return void socket.destroy();
    }
    server.maxConnections = most - (byOthers += 1);
    socket.once('close', () => (server.maxConnections = most - (byOthers -= 1)));
    server.emit('connection', socket);
  };

  // As of what the server accepts itself: half open, a client that ended is kept for as long as a handshake may take.
  const allowHalfOpen = !(server instanceof TlsServer);
  const shared = await bindShared(server, host, port);
  const all = [server];
  const close = async () => void (await Promise.all(all.map(closed)));
  const bound = (server.address() as AddressInfo).port;
  try {
    while (shared && all.length < sockets) {
      const other = createServer({ allowHalfOpen, noDelay: true }, take);
      await bind(other, host, bound, true);
      all.push(other);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port: bound, close };
}

/** Answers whether other sockets may have the port too. */
async function bindShared(server: Server, host: string, port: number): Promise<boolean> {
  if (process.platform !== 'linux') {
    await bind(server, host, port);
    return false;
  }
  // One that shares the port would also share it with another gateway: one that does not finds out.
  if (port !== 0) {
    const probe = createServer();
    await bind(probe, host, port);
    await closed(probe);
  }
  await bind(server, host, port, true);
  return true;
}

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));
