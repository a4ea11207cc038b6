import { LRUCache } from 'lru-cache';
import { Fault } from '#schema/errors.js';
import type { Configuration } from '../config/model.js';
import { allowList, type AllowList } from './allow.js';
import { alwaysClosed, canonical, embedded, loopback, networksOf, type Closed } from './address.js';
import { parseTarget, type Target } from './grammar.js';
import type { OwnServers } from './own-servers.js';

export interface PolicyOptions {
  readonly mode: Configuration['mode'];
  readonly callbacks: Pick<Configuration['callbacks'], 'allow' | 'http' | 'tenants'>;
  readonly own: OwnServers;
  /** What is closed whatever the lists say; data, so that a test can leave a hole for its own receivers. */
  readonly core?: readonly Closed[];
}

/** A target that may be called, as far as its URL tells; each of its addresses is judged once it is known. */
export interface Admitted extends Target {
  /** Why no request may go to this host at all, since it has this address; undefined when it may. */
  closed(address: string): string | undefined;
  /** Whether the lists admit this address. */
  admits(address: string): boolean;
}

export interface Policy {
  /** Throws INVALID for what is no callback URL and UNPROCESSABLE for one that may not be called, both at `callback`. */
  check(url: string, tenant: string | undefined): Admitted;
}

const closedNames = /^(.+\.)?localhost$|^metadata(\.google\.internal)?$|^instance-data(\.ec2\.internal)?$/;

/**
 * Who may be called: nothing in the core, none of our own servers, and of the rest what the operator lists.
 * @internal for tests
 */
export function policy({ mode, callbacks, own, core = [...loopback, ...alwaysClosed] }: PolicyOptions): Policy {
  const closed = networksOf(core, ({ network }) => network);
  const nearby = networksOf(loopback, ({ network }) => network);
  const development = mode === 'development';
  const lists = new Map<string | undefined, AllowList>();
  const listOf = (tenant: string | undefined) => {
    const known = lists.get(tenant);
    if (known) return known;
    const made = allowList([...callbacks.allow, ...ownAllow(callbacks, tenant)]);
    // Only tenants with a list of their own are remembered: their number is the operator's, not a caller's.
    if (tenant === undefined || Object.hasOwn(callbacks.tenants, tenant)) lists.set(tenant, made);
    return made;
  };
  const isNearby = (address: string) => development && nearby.find(address) !== undefined;
  const ground = remembering(10_000, (address: string) => {
    if (isNearby(address)) return { why: undefined };
    return { why: [address, ...embedded(address)].map((each) => closed.find(each)).find(Boolean)?.what };
  });
  const why = (text: string, port: number): string | undefined => {
    const address = canonical(text);
    if (address === undefined) return 'an address that cannot be read';
    return own.holds(address, port) ? 'a server of this gateway' : ground(address).why;
  };
  const judge = (text: string, tenant: string | undefined): Admitted => {
    const target = parseTarget(text);
    const { host, literal, port } = target;
    const list = listOf(tenant);
    const httpForAll = callbacks.http || development;
    const near = literal ? isNearby(host) : development && /^(.+\.)?localhost$/.test(host);
    const reason = literal ? why(host, port) : closedName(host, port, near, own);
    if (reason) throw refused(`The callback leads to ${reason}; none is ever sent there.`);
    if (!near) demand(list, target, { httpForAll, development, tenant });
    return {
      ...target,
      closed: (address) => why(address, port),
      admits: (address) => isNearby(address) || list.admits(target, canonical(address) ?? '', httpForAll),
    };
  };
  // The lists do not change; our own servers do, and their addresses are judged on each attempt by `closed`.
  const admitted = new LRUCache<string, Admitted>({ max: 2000 });
  return {
    check(text, tenant) {
      const key = `${tenant ?? ''} ${text}`;
      const known = admitted.get(key);
      if (known && !own.names(known.host, known.port)) return known;
      const made = judge(text, tenant);
      admitted.set(key, made);
      return made;
    },
  };
}

function remembering<T extends object>(max: number, make: (key: string) => T): (key: string) => T {
  const known = new LRUCache<string, T>({ max });
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}

function ownAllow({ tenants }: PolicyOptions['callbacks'], tenant: string | undefined): readonly string[] {
  return tenant !== undefined && Object.hasOwn(tenants, tenant) ? tenants[tenant]!.allow : [];
}

function closedName(host: string, port: number, near: boolean, own: OwnServers): string | undefined {
  if (own.names(host, port)) return 'a server of this gateway';
  return !near && closedNames.test(host) ? 'this machine or a metadata service' : undefined;
}

interface Asking {
  readonly httpForAll: boolean;
  readonly development: boolean;
  readonly tenant: string | undefined;
}

function demand(list: AllowList, target: Target, { httpForAll, development, tenant }: Asking): void {
  const setting = tenant === undefined ? 'callbacks.allow' : `callbacks.allow or callbacks.tenants.${tenant}.allow`;
  if (list.empty) {
    const yet = development
      ? 'No callback but those on this machine may be called yet'
      : 'No callback may be called yet';
    throw refused(`${yet}: the operator lists the networks and names that may be, with ${setting}.`);
  }
  const { host, port } = target;
  switch (list.judge(target, httpForAll)) {
    case 'admitted':
      return;
    case 'host':
      throw refused(`The operator does not admit callbacks to '${host}'; ${setting} lists who may be called.`);
    case 'port':
      throw refused(`The operator admits callbacks to '${host}', but not on port ${port}; see ${setting}.`);
    case 'scheme':
      throw refused(
        `The callback needs https; for http the operator sets callbacks.http, or 'http://' in front of an entry of ${setting}.`,
      );
  }
}

function refused(message: string): Fault {
  return new Fault('UNPROCESSABLE', message, { at: 'callback' });
}
