import { Fault } from '#schema/errors.js';
import { tenantOf } from '#schema/scope.js';
import { credentialsOf, tlsOf } from '#subscriptions/delivery/post.js';
import type { Callbacks } from '../operations/subscriptions.js';
import { authorised } from '../platform/outbound/authorised.js';
import type { Outbound, OutboundCall } from '../platform/outbound/client.js';
import type { Tokens } from '../platform/outbound/token.js';

/** For all of the trying of a callback before a subscription stands, its token among it (contract 2.5). */
const verification = 5_000;

export function callbacksOf(client: Outbound, tokens: Tokens, tested: boolean, timeout = verification): Callbacks {
  return {
    admit: (callback, tenant) => client.check(callback, tenantOf(tenant)),
    async verify(callback, owner, credentials, signal) {
      if (!tested) return;
      const tls = tlsOf(credentials);
      const tenant = tenantOf(owner);
      const call = { signal, timeout, ...(tenant !== undefined && { tenant }), ...(tls && { tls }) };
      const get = (made: OutboundCall) => client.get(callback, made);
      const { status } = await authorised(tokens, credentialsOf(credentials), call, get);
      if (status === 204) return;
      const message = `The callback must answer GET with 204 before it is subscribed, not with ${status}.`;
      throw new Fault('UNPROCESSABLE', message, { at: 'callback' });
    },
  };
}
