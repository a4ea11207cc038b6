import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';

const idleTime = 30_000;
const idleForEach = 8;
const idleInAll = 512;
const longestHeaders = 16_384;

/** A connection that stands and takes one request after another. */
export class Connection {
  readonly name: string;
  readonly #socket: Socket;
  readonly #client: Client;

  /** `ended` hears once that it is no more. */
  constructor(name: string, socket: Socket, ended: () => void) {
    this.name = name;
    this.#socket = socket;
    // Names, addresses and TLS are settled: undici is handed the socket, not at once (it would not go on), and connects to nothing.
    this.#client = new Client('http://callback', {
      connect: (_options, done) => queueMicrotask(() => done(null, socket)),
      allowH2: false,
      maxHeaderSize: longestHeaders,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleTime,
      keepAliveMaxTimeout: idleTime,
    });
    this.#client.once('disconnect', (_origin, _targets, error) => {
      ended();
      this.destroy(error);
    });
  }

  get alive(): boolean {
    return !this.#socket.destroyed;
  }

  send(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(request, handler);
  }

  /** What is under way fails with `reason`. */
  destroy(reason: Error): void {
    void this.#client.destroy(reason);
    // Before its first request undici knows nothing of it.
    this.#socket.destroy();
  }
}

/**
 * Keep-alive connections for both schemes. How many are in use is the caller's to bound: a bound here would make those who
 * answer wait for those who do not.
 */
export class Pool {
  readonly #open = new Set<Connection>();
  /** By name, those used last at the end. */
  readonly #idle = new Map<string, Connection[]>();
  #idleCount = 0;
  #ended = false;

  /** Requests share connections when they share `name`: scheme, host, port, address and TLS identity. */
  begin(name: string, socket: Socket): Connection {
    const connection: Connection = new Connection(name, socket, () => {
      this.#open.delete(connection);
      this.#forget(connection);
    });
    this.#open.add(connection);
    if (this.#ended) connection.destroy(new Error('The client was closed.'));
    return connection;
  }

  /** An idle connection, if there is one; `leave` it when it is idle again. */
  take(name: string): Connection | undefined {
    for (;;) {
      const connection = this.#idle.get(name)?.at(-1);
      if (!connection) return undefined;
      this.#forget(connection);
      if (connection.alive) return connection;
    }
  }

  leave(connection: Connection): void {
    const idle = this.#idle.get(connection.name) ?? [];
    if (this.#idleCount >= idleInAll || idle.length >= idleForEach) {
      connection.destroy(new Error('There are enough idle connections.'));
      return;
    }
    idle.push(connection);
    this.#idle.set(connection.name, idle);
    this.#idleCount += 1;
  }

  /** Ends the idle connections of a name, since one of them turned out to be dead. */
  dismiss(name: string, reason: Error): void {
    for (const each of this.#idle.get(name)?.slice() ?? []) each.destroy(reason);
  }

  destroy(): void {
    this.#ended = true;
    for (const each of this.#open) each.destroy(new Error('The client was closed.'));
  }

  #forget(connection: Connection): void {
    const idle = this.#idle.get(connection.name);
    const at = idle?.indexOf(connection) ?? -1;
    if (at < 0) return;
    idle!.splice(at, 1);
    this.#idleCount -= 1;
    if (idle!.length === 0) this.#idle.delete(connection.name);
  }
}
