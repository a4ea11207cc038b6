import type { Socket } from 'node:net';

/** Connections that have not said who they are, by the address that they come from. */
export class Unidentified<T extends { readonly socket: Socket }> {
  readonly #most: number;
  /** Their addresses: a socket forgets it with its end. */
  readonly #addresses = new Map<T, string>();
  /** The oldest first, of each address and the addresses too. */
  readonly #byAddress = new Map<string, Set<T>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Answers who has to make room for it: the oldest of the address that has most of them. */
  add(connection: T): T | undefined {
    const out = this.#addresses.size < this.#most ? undefined : this.#oldestOfMost();
    if (out) this.delete(out);
    const address = connection.socket.remoteAddress ?? '';
    this.#addresses.set(connection, address);
    const beside = this.#byAddress.get(address);
    if (beside) beside.add(connection);
    else this.#byAddress.set(address, new Set([connection]));
    return out;
  }

  delete(connection: T): void {
    const address = this.#addresses.get(connection);
    if (address === undefined) return;
    this.#addresses.delete(connection);
    const beside = this.#byAddress.get(address)!;
    beside.delete(connection);
    if (beside.size === 0) this.#byAddress.delete(address);
  }

  /** Clients say at once who they are: who has kept silent for longest makes room, where most keep silent. */
  #oldestOfMost(): T | undefined {
    let most: ReadonlySet<T> = new Set();
    for (const each of this.#byAddress.values()) if (each.size > most.size) most = each;
    const [oldest] = most;
    return oldest;
  }
}
