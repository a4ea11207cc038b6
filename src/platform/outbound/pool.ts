import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What `Pool` wants beside the options of a request. */
export interface Pooled extends ClientRequestArgs {
  /** Requests share connections when they share scheme, host, port, address and TLS identity: a new address is a new pool. */
  readonly pool: string;
  dial(): Promise<Socket>;
}

const idleTime = 30_000;
const idleForEach = 8;
const idleInAll = 512;

/**
 * Keep-alive connections for both schemes. How many are in use is the caller's to bound: a bound here would make those who
 * answer wait for those who do not.
 */
export class Pool extends Agent {
  readonly #idle = new Set<Duplex>();

  constructor() {
    super({ keepAlive: true, timeout: idleTime, maxFreeSockets: idleForEach });
  }

  override getName(options?: ClientRequestArgs): string {
    return (options as Pooled).pool;
  }

  override createConnection(
    options: ClientRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    (options as Pooled).dial().then(
      (socket) => {
        socket.setTimeout(idleTime);
        socket.once('close', () => this.#idle.delete(socket));
        done(null, socket);
      },
      (error: Error) => {
        done(error, undefined as unknown as Duplex);
        // Node leaves the empty list behind, and names are chosen by tenants.
        const { pool } = options as Pooled;
        if (this.sockets[pool]?.length === 0) delete (this.sockets as NodeJS.Dict<Socket[]>)[pool];
      },
    );
    return undefined;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const kept = this.#idle.size < idleInAll && (super.keepSocketAlive(socket) as unknown) !== false;
    if (kept) this.#idle.add(socket);
    return kept;
  }

  override reuseSocket(socket: Duplex, request: Parameters<Agent['reuseSocket']>[1]): void {
    this.#idle.delete(socket);
    super.reuseSocket(socket, request);
  }

  /** Ends the idle connections of a pool, since one of them turned out to be dead. */
  forget(pool: string): void {
    for (const socket of this.freeSockets[pool] ?? []) socket.destroy();
  }
}
