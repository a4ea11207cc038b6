import { lookup } from 'node:dns/promises';

/** Every address of a host name, in the order of preference; rejects when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

const remembered = 1000;

/**
 * The resolver of the operating system, with its hosts file. One flight for each name and a second of memory: libuv has four
 * threads for this, and a hundred deliveries to one host need not ask a hundred times.
 * @internal for tests
 */
export function systemResolver(): Resolve {
  const flights = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    const known = flights.get(name);
    if (known) return known;
    const flight = lookup(name, { all: true, order: 'verbatim' }).then((found) => found.map(({ address }) => address));
    flights.set(name, flight);
    const forget = () => void flights.delete(name);
    flight.then(() => setTimeout(forget, remembered).unref(), forget);
    return flight;
  };
}
