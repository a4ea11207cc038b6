import type { Answer, OutboundCall } from './client.js';
import { limited, orAborted } from './limit.js';
import type { ClientCredentials, Tokens } from './token.js';

/** How a receiver knows us, beside a client certificate. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | ({ readonly kind: 'client-credentials' } & ClientCredentials);

/**
 * One attempt with credentials; a token that is answered 401 is fetched anew, once, and the request repeated. `timeout` is for
 * all of it. Who gives up a token does not end its fetching: others may wait for it.
 */
export async function authorised(
  tokens: Tokens,
  credentials: Credentials,
  call: OutboundCall & { readonly timeout: number },
  send: (call: OutboundCall) => Promise<Answer>,
): Promise<Answer> {
  if (credentials.kind === 'none') return send(call);
  if (credentials.kind === 'bearer') return send(withToken(call, credentials.token));
  const { signal, end } = limited(call.timeout, call.signal);
  const bearer = () => orAborted(tokens.bearer(credentials, call.tenant), signal);
  const sent = (token: string) => send({ ...withToken(call, token), signal });
  try {
    const token = await bearer();
    const answer = await sent(token);
    if (answer.status !== 401) return answer;
    tokens.refused(credentials, call.tenant, token);
    const next = await bearer();
    return next === token ? answer : await sent(next);
  } finally {
    end();
  }
}

function withToken(call: OutboundCall, token: string): OutboundCall {
  return { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } };
}
