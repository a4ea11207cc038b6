import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Outbound } from './client.js';
import { OutboundFault } from './fault.js';
import type { TlsIdentity } from './identity.js';

/** OAuth2 client credentials (RFC 6749, 4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** For the token endpoint. */
  readonly tls?: TlsIdentity;
}

export interface Tokens {
  /** A token that holds for 30 s at least, if the endpoint gives such. Throws OutboundFault. */
  bearer(credentials: ClientCredentials, tenant: string | undefined): Promise<string>;
  /** This token was answered 401: the next one is fetched. */
  refused(credentials: ClientCredentials, tenant: string | undefined, token: string): void;
}

const spare = 30_000;
const unsaid = 60_000;
const longest = 24 * 3_600_000;
const tokenBytes = 65_536;
const bearerToken = /^[A-Za-z0-9\-._~+/]{1,16384}=*$/;

/** Tokens are shared by nobody but who has the same tenant and the same secret; fetched through the guarded client. */
export function tokens(client: Pick<Outbound, 'post'>, now: () => number = Date.now): Tokens {
  const known = new LRUCache<string, { readonly token: string; readonly until: number }>({ max: 10_000 });
  const flights = new Map<string, Promise<string>>();
  const fetchToken = async (key: string, credentials: ClientCredentials, tenant: string | undefined) => {
    const asked = now();
    const { token, lifetime } = await ask(client, credentials, tenant);
    const until = asked + lifetime - spare;
    if (until > now()) known.set(key, { token, until });
    return token;
  };
  return {
    bearer(credentials, tenant) {
      const key = keyOf(credentials, tenant);
      const held = known.get(key);
      if (held && held.until > now()) return Promise.resolve(held.token);
      const flying = flights.get(key);
      if (flying) return flying;
      // Without any caller's signal: who gives up must not end it for the others. The client's time-out does.
      const flight = fetchToken(key, credentials, tenant).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    refused(credentials, tenant, token) {
      const key = keyOf(credentials, tenant);
      if (known.peek(key)?.token === token) known.delete(key);
    },
  };
}

function keyOf(
  { tokenUrl, clientId, clientSecret, scope, tls }: ClientCredentials,
  tenant: string | undefined,
): string {
  const parts = [tenant ?? null, tokenUrl, clientId, clientSecret, scope ?? null, tls?.cert ?? null, tls?.ca ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

async function ask(client: Pick<Outbound, 'post'>, credentials: ClientCredentials, tenant: string | undefined) {
  const { tokenUrl, clientId, clientSecret, scope, tls } = credentials;
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  const answer = await client.post(tokenUrl, {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')}`,
    },
    body: form.toString(),
    keep: tokenBytes,
    ...(tenant === undefined ? {} : { tenant }),
    ...(tls ? { tls } : {}),
  });
  const fault = (what: string) =>
    new OutboundFault('token', `The token endpoint ${what}.`, { address: answer.address });
  if (answer.cut) throw new OutboundFault('too-large', 'The token endpoint answered with more than 64 KiB.');
  const body = parsed(answer.excerpt);
  if (answer.status !== 200) throw fault(`answered ${answer.status}${errorIn(body)}`);
  const { access_token: token, token_type: type, expires_in: seconds } = body;
  if (typeof token !== 'string' || !bearerToken.test(token)) throw fault('answered without a token that can be used');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw fault('gives tokens of another type than Bearer');
  const said = seconds === undefined ? unsaid : Number(seconds) * 1000;
  return { token, lifetime: said >= 0 ? Math.min(said, longest) : 0 };
}

// RFC 6749, 2.3.1: both are form-encoded before they are joined.
function encoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return body !== null && typeof body === 'object' ? { ...body } : {};
  } catch {
    return {};
  }
}

// RFC 6749, 5.2: one of a few words; anything else an endpoint says may quote what we sent.
function errorIn({ error }: Readonly<Record<string, unknown>>): string {
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
}
