import { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Seat, Sink, Stream } from '#subscriptions/live/stream.js';
import type { Principal } from '../../access/principal.js';
import { sharesOf } from '../../platform/shares.js';
import { Parts } from './parts.js';

/** Most streams that differ. */
export interface StreamLimits {
  readonly streams: number;
  /** Those that one principal takes part in; a quarter of all when absent. */
  readonly streamsPerPrincipal?: number | undefined;
  /** Those that all principals of one tenant take part in; half of all when absent. */
  readonly streamsPerTenant?: number | undefined;
}

/** Joins a stream of the hub for a principal. Throws RATE_LIMITED when there are too many that differ. */
export type Join = <T>(principal: Principal, stream: Stream<T>, sink: Sink<T>, since?: Position) => Seat;

export function joining(hub: Hub, { streams, streamsPerPrincipal, streamsPerTenant }: StreamLimits): Join {
  const shares = sharesOf(streams, streamsPerPrincipal, streamsPerTenant);
  const ofPrincipals = new Parts();
  const ofTenants = new Parts();
  return ({ name, scope: { tenant } }, stream, sink, since) => {
    const { key } = stream;
    if (ofPrincipals.wouldPass(shares.principal, name, key)) throw tooMany(`You have ${shares.principal}`);
    if (tenant !== undefined && ofTenants.wouldPass(shares.tenant, tenant, key))
      throw tooMany(`Your tenant has ${shares.tenant} (limits.live.streamsPerTenant)`);
    if (hub.size >= streams && !hub.has(key)) throw tooMany(`There are ${streams}`);
    const seat = hub.join(stream, sink, since);
    ofPrincipals.join(name, key);
    if (tenant !== undefined) ofTenants.join(tenant, key);
    let seated = true;
    return {
      position: () => seat.position(),
      leave() {
        if (!seated) return;
        seated = false;
        seat.leave();
        ofPrincipals.leave(name, key);
        if (tenant !== undefined) ofTenants.leave(tenant, key);
      },
    };
  };
}

function tooMany(there: string): Fault {
  return new Fault('RATE_LIMITED', `${there} different live streams already.`, { retryAfter: 30 });
}
