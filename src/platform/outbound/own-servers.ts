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
  /** Looks again at names and interfaces, at most every half minute; to be waited for when given, else known enough. */
  refresh(): Promise<void> | undefined;
}

const everyHalfMinute = 30_000;

/**
 * The list is asked for each time: a listener on port 0 knows its port late.
 * @internal for tests
 */
export function ownServers(list: () => readonly Own[], resolve: Resolve): OwnServers {
  const resolved = new Map<string, readonly string[]>();
  /** Names that were looked up, whatever came of it. */
  const asked = new Set<string>();
  const networks = new Map<string, Networks<string>>();
  let interfaces = new Set<string>();
  let flight: Promise<void> | undefined;
  let fresh = 0;
  const same = (own: Own, port: number) => own.port === undefined || own.port === port;
  const lookUp = async (host: string) => {
    asked.add(host);
    const found = await resolve(host).catch(() => undefined);
    if (found)
      resolved.set(
        host,
        found.map((each) => canonical(each) ?? each),
      );
  };
  const networkOf = (host: string) => {
    const made = networks.get(host) ?? networksOf([host], (each) => each);
    networks.set(host, made);
    return made;
  };
  const covers = (host: string, address: string) => {
    if (host === '0.0.0.0' || host === '::') return /^127\.|^::1$/.test(address) || interfaces.has(address);
    return parseNetwork(host) ? networkOf(host).find(address) !== undefined : resolved.get(host)?.includes(address);
  };
  return {
    names: (host, port) => list().some((own) => same(own, port) && own.host.toLowerCase() === host),
    holds: (address, port) => list().some((own) => !own.shared && same(own, port) && covers(own.host, address)),
    refresh() {
      const names = list()
        .filter(({ host, shared }) => !shared && !parseNetwork(host))
        .map(({ host }) => host);
      if (Date.now() < fresh && names.every((name) => asked.has(name))) return undefined;
      interfaces = new Set(
        Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((each) => each.address)),
      );
      flight ??= Promise.all(names.map(lookUp)).then(() => {
        flight = undefined;
        fresh = Date.now() + everyHalfMinute;
      });
      return names.every((name) => resolved.has(name)) ? undefined : flight;
    },
  };
}
