import type { Answer, OutboundCall } from './client.js';
import type { ClientCredentials, Tokens } from './token.js';

/** How a receiver knows us, beside a client certificate. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | ({ readonly kind: 'client-credentials' } & ClientCredentials);

/** One attempt with credentials; a token that is answered 401 is fetched anew, once, and the request repeated. */
export async function authorised(
  tokens: Tokens,
  credentials: Credentials,
  call: OutboundCall,
  send: (call: OutboundCall) => Promise<Answer>,
): Promise<Answer> {
  if (credentials.kind === 'none') return send(call);
  if (credentials.kind === 'bearer') return send(withToken(call, credentials.token));
  const token = await tokens.bearer(credentials, call.tenant);
  const answer = await send(withToken(call, token));
  if (answer.status !== 401) return answer;
  tokens.refused(credentials, call.tenant, token);
  const next = await tokens.bearer(credentials, call.tenant);
  return next === token ? answer : send(withToken(call, next));
}

function withToken(call: OutboundCall, token: string): OutboundCall {
  return { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } };
}
