import type { Lease, Store } from './store.js';

/** A lease that its holder renews, and believes in no longer than it surely stands. */
export interface KeptLease {
  readonly lease: Lease;
  /** Aborts once the lease is another's, or may be. It never comes back: who gets the name again has another lease. */
  readonly lost: AbortSignal;
  /** To be called several times within `ttl`. Throws nothing: a store that does not answer cannot make the lease last. */
  renew(): Promise<void>;
  /** Gives it up, so that another may have it at once. */
  release(): Promise<void>;
}

type Leases = Pick<Store, 'lease' | 'release'>;

/** Part of the time to live that is left to the difference between two clocks, and to what is under way. */
const margin = 8;

/** Takes a lease; undefined while another holder has it. */
export async function keepLease(
  store: Leases,
  { name, holder, ttl }: { readonly name: string; readonly holder: string; readonly ttl: number },
): Promise<KeptLease | undefined> {
  const lost = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const lose = () => {
    clearTimeout(timer);
    lost.abort();
  };
  // Counted from before the question: the store may have answered long ago when the answer is read.
  const believe = (asked: number) => {
    clearTimeout(timer);
    const left = asked + ttl - ttl / margin - performance.now();
    if (left <= 0) return lose();
    timer = setTimeout(lose, left);
    timer.unref();
  };
  const asked = performance.now();
  const lease = await store.lease(name, holder, ttl);
  if (!lease) return undefined;
  believe(asked);
  return {
    lease,
    lost: lost.signal,
    async renew() {
      const again = performance.now();
      const renewed = await store.lease(name, holder, ttl).catch(() => 'unanswered' as const);
      if (lost.signal.aborted || renewed === 'unanswered') return;
      if (renewed?.epoch === lease.epoch) believe(again);
      else lose();
    },
    async release() {
      lose();
      await store.release(lease);
    },
  };
}
