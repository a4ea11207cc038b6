import { Resolver } from 'node:dns/promises';
import { codeIn } from './fault.js';
import { hostsFile, searchOf, type NameFiles } from './name-files.js';

/** Every address of a host name, in the order of preference; rejects when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface ResolverOptions {
  /** Name servers instead of those of the machine, each with its port if need be. */
  readonly servers?: readonly string[];
  /** How long a name server may take for each of two tries, in milliseconds. */
  readonly patience?: number;
  readonly files?: NameFiles;
}

const remembered = 1000;
const systemFiles: NameFiles = { hosts: '/etc/hosts', resolver: '/etc/resolv.conf' };

/**
 * The hosts file, then the name servers, searched as resolv.conf says. Not getaddrinfo: it holds one of libuv's four threads for
 * as long as a name server is silent, so that a few names of one tenant would stall the deliveries of all. One flight for each
 * name and a second of memory.
 * @internal for tests
 */
export function systemResolver({ servers, patience = 2000, files = systemFiles }: ResolverOptions = {}): Resolve {
  const flights = new Map<string, Promise<readonly string[]>>();
  const resolver = new Resolver({ timeout: patience, tries: 2 });
  if (servers) resolver.setServers(servers);
  const hosts = hostsFile(files.hosts);
  const search = searchOf(files.resolver);
  return (name) => {
    const known = flights.get(name);
    if (known) return known;
    const flight = find(name);
    flights.set(name, flight);
    const forget = () => void flights.delete(name);
    flight.then(() => setTimeout(forget, remembered).unref(), forget);
    return flight;
  };

  async function find(name: string): Promise<readonly string[]> {
    const given = await hosts(name);
    if (given.length > 0) return given;
    let fault: unknown;
    for (const full of await search(name)) {
      const found = await ask(full).catch((error: unknown) => void (fault = error));
      if (found) return found;
      // A server that is silent is silent for every spelling of a name.
      if (codeIn(fault) === 'ETIMEOUT') break;
    }
    throw fault;
  }

  /** IPv4 first: clusters without a way for IPv6 are many. A fault of one family counts when the other has nothing. */
  async function ask(name: string): Promise<readonly string[]> {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    throw answers
      .map((answer) => (answer.status === 'rejected' ? (answer.reason as unknown) : undefined))
      .find(Boolean);
  }
}
