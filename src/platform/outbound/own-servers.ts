import { networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { canonical, networksOf, parseNetwork } from './address.js';
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
  /** Resolves the names among them, at most every half minute; what was known stays when that fails. */
  refresh(): Promise<void>;
}

const everyHalfMinute = 30_000;

/** The list is asked for each time: a listener on port 0 knows its port late. */
export function ownServers(list: () => readonly Own[], resolve: Resolve): OwnServers {
  const known = new Map<string, readonly string[]>();
  let flight: Promise<void> | undefined;
  let fresh = 0;
  const same = (own: Own, port: number) => own.port === undefined || own.port === port;
  const lookUp = async (host: string) => {
    const found = await resolve(host).catch(() => undefined);
    if (found)
      known.set(
        host,
        found.map((each) => canonical(each) ?? each),
      );
  };
  return {
    names: (host, port) => list().some((own) => same(own, port) && own.host.toLowerCase() === host),
    holds: (address, port) =>
      list().some(
        (own) =>
          !own.shared && same(own, port) && (covers(own.host, address) || known.get(own.host)?.includes(address)),
      ),
    refresh() {
      if (Date.now() < fresh) return Promise.resolve();
      const names = list()
        .filter(({ shared }) => !shared)
        .map(({ host }) => host)
        .filter((host) => !parseNetwork(host));
      flight ??= Promise.all(names.map(lookUp)).then(() => {
        flight = undefined;
        fresh = Date.now() + everyHalfMinute;
      });
      return names.every((name) => known.has(name)) ? Promise.resolve() : flight;
    },
  };
}

function covers(host: string, address: string): boolean {
  if (host === '0.0.0.0' || host === '::') return ofThisMachine(address);
  return parseNetwork(host) !== undefined && networksOf([host], (each) => each).find(address) !== undefined;
}

function ofThisMachine(address: string): boolean {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return isIP(address) !== 0 && (/^127\.|^::1$/.test(address) || all.some((each) => each.address === address));
}
