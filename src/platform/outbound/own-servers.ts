import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { canonical, networksOf, parseNetwork, type Networks } from './address.js';
import type { Resolve } from './resolver.js';

/** A server of our own: a name, an address or a network, on every port or on one. `0.0.0.0` and `::` are all of this machine. */
export interface Own {
  readonly host: string;
  readonly port?: number;
  /** The address behind the name is not ours alone: an ingress, with others beside us. */
  readonly shared?: boolean;
}

export interface OwnServers {
  names(host: string, port: number): boolean;
  holds(address: string, port: number): boolean;
  /** Looks again at names and interfaces, now and then; to be waited for when given, else known enough. */
  refresh(): Promise<void> | undefined;
}

const everyHalfMinute = 30_000;
const everySecond = 1_000;

/**
 * The list is asked for each time: a listener on port 0 knows its port late.
 * @internal for tests
 */
export function ownServers(list: () => readonly Own[], resolve: Resolve): OwnServers {
  const names = namesOf(resolve);
  const networks = new Map<string, Networks<string>>();
  let interfaces = new Set<string>();
  let fresh = 0;
  const same = (own: Own, port: number) => own.port === undefined || own.port === port;
  const networkOf = (host: string) => {
    const made = networks.get(host) ?? networksOf([host], (each) => each);
    networks.set(host, made);
    return made;
  };
  const covers = (host: string, address: string) => {
    if (host === '0.0.0.0' || host === '::') return /^127\.|^::1$/.test(address) || interfaces.has(address);
    if (isIP(host)) return canonical(host) === address;
    return parseNetwork(host) ? networkOf(host).find(address) !== undefined : names.leadsTo(host, address);
  };
  return {
    names: (host, port) => list().some((own) => same(own, port) && own.host.toLowerCase() === host),
    holds: (address, port) => list().some((own) => !own.shared && same(own, port) && covers(own.host, address)),
    refresh() {
      if (performance.now() >= fresh) {
        interfaces = new Set(
          Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((each) => each.address)),
        );
        fresh = performance.now() + everyHalfMinute;
      }
      const asked = list().filter(({ host, shared }) => !shared && !parseNetwork(host));
      const awaited = asked.flatMap(({ host }) => names.refresh(host) ?? []);
      return awaited.length === 0 ? undefined : Promise.all(awaited).then(() => undefined);
    },
  };
}

/**
 * What names lead to. One that was never resolved may be any address: who calls waits for its look-up. For a second after one that
 * failed, calls go on without it: else a backend whose name leads nowhere would keep back every callback.
 */
function namesOf(resolve: Resolve) {
  const resolved = new Map<string, readonly string[]>();
  /** When each is to be looked up again. */
  const due = new Map<string, number>();
  const flights = new Map<string, Promise<void>>();
  const lookUp = async (host: string): Promise<void> => {
    const found = await resolve(host).catch(() => undefined);
    const addresses = found?.map((each) => canonical(each) ?? each);
    if (addresses) resolved.set(host, addresses);
    due.set(host, performance.now() + (resolved.has(host) ? everyHalfMinute : everySecond));
    flights.delete(host);
  };
  return {
    leadsTo: (host: string, address: string) => resolved.get(host)?.includes(address) === true,
    /** The look-up that is to be waited for. */
    refresh(host: string): Promise<void> | undefined {
      if (!flights.has(host) && performance.now() >= (due.get(host) ?? 0)) flights.set(host, lookUp(host));
      return resolved.has(host) ? undefined : flights.get(host);
    },
  };
}
