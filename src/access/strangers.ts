import { TokenBuckets } from '../platform/token-buckets.js';

/** Charges a request without a valid token to the address it came from; 0 when it may be answered so, else the seconds to wait. */
export type ChargeStranger = (remote: string) => number;

/** How long a burst may be, in seconds of the rate. */
const burst = 5;

/** Of this process alone: who guesses tokens is slowed down, and nobody whose token is valid notices. */
export function strangers(perSecond: number | undefined): ChargeStranger {
  if (perSecond === undefined) return () => 0;
  const buckets = new TokenBuckets();
  const wait = Math.max(1, Math.ceil(1 / perSecond));
  return (remote) => (buckets.take(remote, 1, perSecond, Math.max(1, burst * perSecond)) === 1 ? 0 : wait);
}
