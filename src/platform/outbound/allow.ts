import { networksOf, parseNetwork, type Networks } from './address.js';
import { isName, type Target } from './grammar.js';

/** How an entry of `callbacks.allow` is written. */
export const entryForm =
  "Needs a network (10.0.0.0/8), an address or a name (smo.example.com, *.example.com); a port may follow (:8443), 'http://' in front admits http.";

/** One entry of an operator's list. */
export interface Entry {
  readonly http: boolean;
  /** Every port when absent. */
  readonly port?: number;
  /** In CIDR; then `name` is absent. */
  readonly network?: string;
  /** `smo.example.com`, or `.example.com` for every name below it. */
  readonly name?: string;
}

/** An entry as `entryForm` says; undefined when it is none. */
export function parseEntry(text: string): Entry | undefined {
  const http = text.startsWith('http://');
  const rest = http ? text.slice(7) : text;
  const parts = /^(?:\[(?<bracketed>[^[\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(rest)?.groups;
  // Without brackets the colons of an IPv6 network are its own.
  const host = parts ? (parts.bracketed ?? parts.plain!) : rest;
  const port = parts?.port === undefined ? undefined : Number(parts.port);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  const common = { http, ...(port === undefined ? {} : { port }) };
  if (parseNetwork(host)) return { ...common, network: host };
  const name = host.toLowerCase();
  const below = name.startsWith('*.');
  return isName(below ? name.slice(2) : name) ? { ...common, name: below ? name.slice(1) : name } : undefined;
}

/** What a list says of a target: `host` and `port` when an entry names it, but for another port or for https only. */
export type Verdict = 'admitted' | 'host' | 'port' | 'scheme';

export interface AllowList {
  readonly empty: boolean;
  /** Before the name is resolved: whether the target can be admitted at all. */
  judge(target: Target, httpForAll: boolean): Verdict;
  /** After it: whether this address of the target is. */
  admits(target: Target, address: string, httpForAll: boolean): boolean;
}

/** Entries that were checked before; others are passed over. */
export function allowList(texts: readonly string[]): AllowList {
  const entries = texts.map(parseEntry).filter((entry) => entry !== undefined);
  const rows = entries.map((entry) => ({ ...entry, networks: entry.network ? networkOf(entry.network) : undefined }));
  const byName = ({ name }: Entry, { host, literal }: Target) =>
    !literal && name !== undefined && (name.startsWith('.') ? host.endsWith(name) : host === name);
  const onPort = ({ port }: Entry, target: Target) => port === undefined || port === target.port;
  const inScheme = ({ http }: Entry, target: Target, httpForAll: boolean) => target.secure || http || httpForAll;
  return {
    empty: entries.length === 0,
    judge(target, httpForAll) {
      // A name may lie in a network: that is known once it is resolved.
      const host = rows.filter(
        (row) =>
          byName(row, target) || (row.networks && (!target.literal || row.networks.find(target.host) !== undefined)),
      );
      if (host.length === 0) return 'host';
      const port = host.filter((row) => onPort(row, target));
      if (port.length === 0) return 'port';
      return port.some((row) => inScheme(row, target, httpForAll)) ? 'admitted' : 'scheme';
    },
    admits: (target, address, httpForAll) =>
      rows.some(
        (row) =>
          onPort(row, target) &&
          inScheme(row, target, httpForAll) &&
          (byName(row, target) || row.networks?.find(address) !== undefined),
      ),
  };
}

function networkOf(network: string): Networks<string> {
  return networksOf([network], (each) => each);
}
