import { tenantOf } from '#schema/scope.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import { authorised, type Credentials } from '#platform/outbound/authorised.js';
import type { Outbound, OutboundCall } from '#platform/outbound/client.js';
import type { TlsIdentity } from '#platform/outbound/identity.js';
import type { Tokens } from '#platform/outbound/token.js';
import type { Post } from './surroundings.js';

/** Posts through the guarded client, with what a subscription shows to its callback; `timeout` is for all of that. */
export function postThrough(client: Outbound, tokens: Tokens, timeout: number): Post {
  return async ({ url, tenant: owner, headers, body, credentials, signal }) => {
    const tenant = tenantOf(owner);
    try {
      const tls = tlsOf(credentials);
      const call = { headers, body, signal, timeout, ...(tenant !== undefined && { tenant }), ...(tls && { tls }) };
      const post = (made: OutboundCall) => client.post(url, made);
      const { status, retryAfter } = await authorised(tokens, credentialsOf(credentials), call, post);
      return { status, ...(retryAfter !== undefined && { retryAfter: retryAfter * 1000 }) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
}

/** What is shown beside a certificate. */
export function credentialsOf(credentials: CallbackCredentials | undefined): Credentials {
  if (credentials?.bearer !== undefined) return { kind: 'bearer', token: credentials.bearer };
  if (!credentials?.oauth2) return { kind: 'none' };
  const { tokenEndpoint, clientId, clientSecret, scope } = credentials.oauth2;
  const tls = tlsOf(credentials);
  const known = { tokenUrl: tokenEndpoint, clientId, clientSecret };
  return { kind: 'client-credentials', ...known, ...(scope !== undefined && { scope }), ...(tls && { tls }) };
}

export function tlsOf(credentials: CallbackCredentials | undefined): TlsIdentity | undefined {
  if (!credentials?.certificate) return undefined;
  const { certificate, key, authority } = credentials.certificate;
  return { cert: certificate, key, ...(authority !== undefined && { ca: authority }) };
}
