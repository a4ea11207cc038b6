import { performance } from 'node:perf_hooks';
import { Fault } from '#schema/errors.js';
import type { Configuration } from '../config/model.js';
import { canonical, type Closed } from './address.js';
import { exchange, type Asked, type Received } from './exchange.js';
import { codeIn, OutboundFault } from './fault.js';
import { identities, type TlsIdentity } from './identity.js';
import { limited, orAborted } from './limit.js';
import { ownServers, type Own } from './own-servers.js';
import { policy as newPolicy, type Admitted } from './policy.js';
import { Pool } from './pool.js';
import { systemResolver, type Resolve } from './resolver.js';

export interface OutboundOptions {
  readonly mode: Configuration['mode'];
  readonly callbacks: Pick<Configuration['callbacks'], 'allow' | 'http' | 'tenants' | 'timeout'>;
  /** Servers of our own, which nobody may make us call; asked for on each attempt. */
  readonly own?: () => readonly Own[];
  /** Longest that name, connection and TLS together may take, in milliseconds. */
  readonly connectTimeout?: number;
  readonly resolve?: Resolve;
  readonly core?: readonly Closed[];
}

export interface OutboundCall {
  /** Whose lists hold beside those for all. */
  readonly tenant?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Longest the whole attempt may take, in milliseconds; `callbacks.timeout` when absent. */
  readonly timeout?: number;
  readonly tls?: TlsIdentity;
  /** Bytes of the answer's body that are kept; 2048 unless told, 65,536 at most. */
  readonly keep?: number;
}

export interface Answer {
  /** Any status: what a redirect or a failure means is the caller's to say. */
  readonly status: number;
  /** Seconds that `Retry-After` asks for, a date turned into seconds from now. */
  readonly retryAfter?: number;
  readonly contentType?: string;
  /** The beginning of the body as text, control characters taken out; empty when it is compressed. */
  readonly excerpt: string;
  /** The body was longer than 64 KiB, and its rest was not read. */
  readonly cut: boolean;
  /** Bytes of the body that were read. */
  readonly read: number;
  /** The address that answered; for logs, not for tenants. */
  readonly address: string;
  readonly milliseconds: number;
}

/** The one client for URLs that tenants choose. Each call is one attempt; it answers or throws an OutboundFault. */
export interface Outbound {
  /** What can be said of a URL before it is called. Throws INVALID or UNPROCESSABLE, both at `callback`. */
  check(url: string, tenant?: string): void;
  post(url: string, call: OutboundCall): Promise<Answer>;
  get(url: string, call: OutboundCall): Promise<Answer>;
  /** Ends all connections; attempts still in flight fail. */
  close(): void;
}

const mostCandidates = 3;

export function outbound(options: OutboundOptions): Outbound {
  const { mode, callbacks, own: list = () => [], core, resolve = systemResolver(), connectTimeout = 5000 } = options;
  const own = ownServers(list, resolve);
  const policy = newPolicy({ mode, callbacks, own, ...(core ? { core } : {}) });
  const pool = new Pool();
  const identityOf = identities();

  const attempt = async (method: Asked['method'], url: string, call: OutboundCall): Promise<Answer> => {
    const started = performance.now();
    const { signal, end } = limited(call.timeout ?? callbacks.timeout, call.signal);
    const asked = askedOf(method, call);
    try {
      const target = policy.check(url, call.tenant);
      const identity = identityOf(target.secure ? call.tls : undefined);
      const before = performance.now();
      const ownKnown = own.refresh();
      const found =
        target.literal && !ownKnown
          ? [target.host]
          : await addressesOf(target, { resolve, ownKnown, milliseconds: connectTimeout, outer: signal });
      const addresses = judged(target, found);
      const timeout = Math.max(1, (connectTimeout - (performance.now() - before)) / addresses.length);
      const [address, received] = await firstThatStands(addresses, (each) =>
        exchange(pool, { target, address: each, identity, timeout, signal }, asked),
      );
      return answerOf(received, address, performance.now() - started);
    } catch (cause) {
      throw ended(cause, performance.now() - started);
    } finally {
      end();
    }
  };
  return {
    check: (url, tenant) => void policy.check(url, tenant),
    post: (url, call) => attempt('POST', url, call),
    get: (url, call) => attempt('GET', url, call),
    close: () => pool.destroy(),
  };
}

function askedOf(method: Asked['method'], { headers, body, keep = 2048 }: OutboundCall): Asked {
  const always = { 'user-agent': 'netweave', accept: '*/*', ...headers, 'accept-encoding': 'identity' };
  return { method, headers: always, body, keep };
}

interface LookUp {
  readonly resolve: Resolve;
  readonly ownKnown: Promise<void> | undefined;
  readonly milliseconds: number;
  readonly outer: AbortSignal;
}

/** What the target leads to, once it is known where our own servers are; a time-out says which of these was waited for. */
function addressesOf(target: Admitted, { resolve, ownKnown, milliseconds, outer }: LookUp): Promise<readonly string[]> {
  let found: readonly string[] | undefined = target.literal ? [target.host] : undefined;
  const look = async (): Promise<readonly string[]> => {
    const addresses = (found ??= await lookUp(target.host, resolve));
    await ownKnown;
    return addresses;
  };
  const late = () => {
    // Tenants read it: which servers these are is nothing for them.
    const what = found ? "The names of the gateway's own servers were" : `The name '${target.host}' was`;
    return new OutboundFault('dns', `${what} not resolved in ${milliseconds} ms.`);
  };
  const { signal, end } = limited(milliseconds, outer, late);
  return orAborted(look(), signal).finally(end);
}

async function lookUp(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const found = await resolve(host);
    if (found.length > 0) return found.map((address) => canonical(address) ?? address);
  } catch (cause) {
    throw new OutboundFault('dns', `The name '${host}' cannot be resolved (${codeIn(cause)}).`, { cause });
  }
  throw new OutboundFault('dns', `The name '${host}' has no address.`);
}

/** Those that may be called. One closed address condemns the name: whoever set it up may send us there the next time. */
function judged(target: Admitted, addresses: readonly string[]): readonly string[] {
  for (const address of addresses) {
    const reason = target.closed(address);
    if (reason) throw refused(`The name '${target.host}' leads to ${reason}; none is ever called there.`, address);
  }
  const admitted = addresses.filter((address) => target.admits(address));
  if (admitted.length > 0) return admitted.slice(0, mostCandidates);
  throw refused(`The name '${target.host}' leads to no network that callbacks.allow lists.`, addresses[0]);
}

function refused(message: string, address: string | undefined): OutboundFault {
  return new OutboundFault('refused-by-policy', message, address === undefined ? {} : { address });
}

/** The next address is tried only where nothing was sent to the one before. */
async function firstThatStands(
  addresses: readonly string[],
  call: (address: string) => Promise<Received>,
): Promise<readonly [string, Received]> {
  for (const [at, address] of addresses.entries()) {
    try {
      return [address, await call(address)];
    } catch (cause) {
      const last = at === addresses.length - 1;
      if (last || !(cause instanceof OutboundFault) || !cause.unsent) throw cause;
    }
  }
  throw new Error('There is no address.');
}

function answerOf({ status, headers, body, read, cut }: Received, address: string, milliseconds: number): Answer {
  const retryAfter = secondsIn(first(headers['retry-after']));
  const contentType = first(headers['content-type']);
  return {
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(contentType === undefined ? {} : { contentType }),
    excerpt: headers['content-encoding'] ? '' : body.toString().replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, ''),
    cut,
    read,
    address,
    milliseconds,
  };
}

/** A receiver may send a header twice. */
function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** RFC 9110 §10.2.3: seconds or a date. */
function secondsIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

function ended(cause: unknown, milliseconds: number): Error {
  if (!(cause instanceof Fault)) return new OutboundFault('protocol', 'The request could not be made.', { cause });
  const { code, message } = cause;
  const fault =
    cause instanceof OutboundFault ? cause : new OutboundFault('refused-by-policy', message, { code, cause });
  fault.milliseconds = milliseconds;
  return fault;
}
