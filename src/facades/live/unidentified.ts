import { isIPv6, type Socket } from 'node:net';

/** From one place so many are a crowd at the least, however few there may be in all. */
const leastCrowd = 8;

/** Connections that have not said who they are, by the place that they come from. */
export class Unidentified<T extends { readonly socket: Socket }> {
  readonly #most: number;
  /** Their places, the oldest first: a socket forgets its address with its end. */
  readonly #places = new Map<T, string>();
  /** The oldest first of each. */
  readonly #byPlace = new Map<string, Set<T>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Answers who has to make room for it: the oldest of a place of which far more come than have a fair part, else of all. */
  add(connection: T): T | undefined {
    const out = this.#places.size < this.#most ? undefined : this.#oldest();
    if (out) this.delete(out);
    const place = placeOf(connection.socket.remoteAddress ?? '');
    this.#places.set(connection, place);
    const beside = this.#byPlace.get(place);
    if (beside) beside.add(connection);
    else this.#byPlace.set(place, new Set([connection]));
    return out;
  }

  delete(connection: T): void {
    const place = this.#places.get(connection);
    if (place === undefined) return;
    this.#places.delete(connection);
    const beside = this.#byPlace.get(place)!;
    beside.delete(connection);
    if (beside.size === 0) this.#byPlace.delete(place);
  }

  /**
   * Clients say at once who they are: who has kept silent for longest makes room. Not always where most come from: several
   * behind one address would go before as many strangers as somebody has addresses.
   */
  #oldest(): T | undefined {
    let crowd: ReadonlySet<T> = new Set();
    for (const each of this.#byPlace.values()) if (each.size > crowd.size) crowd = each;
    const crowded = crowd.size >= leastCrowd && crowd.size > this.#most / 4;
    const [oldest] = crowded ? crowd : this.#places.keys();
    return oldest;
  }
}

/** An IPv4 address, also as IPv6 writes it, or the /64 of an IPv6 address: everybody has one of these. */
function placeOf(address: string): string {
  const ipv4 = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined || !isIPv6(address)) return ipv4 ?? address;
  const [before = [], behind = []] = address.split('::').map((part) => part.split(':').filter((each) => each !== ''));
  const zeros = Array<string>(8 - before.length - behind.length).fill('0');
  return [...before, ...zeros, ...behind].slice(0, 4).join(':');
}
