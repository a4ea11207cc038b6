import { counted } from '#schema/counted.js';
import { Fault } from '#schema/errors.js';
import type { Call } from './operation.js';

/** How many subscriptions there may be. */
export interface SubscriptionLimits {
  readonly subscriptions: number;
  /** A quarter of all when absent. */
  readonly subscriptionsPerTenant?: number | undefined;
}

/** Takes a place for a subscription that is to be; answers how to leave it. Throws QUOTA_EXCEEDED when there is none. */
export type TakePlace = (call: Pick<Call, 'view' | 'scope'>, id: string) => () => void;

/** The operator makes room, or whoever deletes one: nobody knows when. */
const retryAfter = 60;

/**
 * Counts what the view holds, and what this process is about to make. What other replicas make at the same time it does not
 * see: each may add one for every request it has under way. Only creating asks: what is restored from a backup stands as it did.
 */
export function subscriptionQuota({
  subscriptions,
  subscriptionsPerTenant = Math.ceil(subscriptions / 4),
}: SubscriptionLimits): TakePlace {
  const begun = new Map<string, string | undefined>();
  return ({ view, scope }, id) => {
    const kind = view.kind('InventorySubscription');
    const beside = [...begun].filter(([each]) => !kind.get(each));
    const { tenant } = scope;
    if (kind.size + beside.length >= subscriptions)
      throw exceeded(`${counted(subscriptions, 'subscription')} may be here (limits.subscriptions), and that many are`);
    const ofTenant = () => kind.all.size(scope) + beside.filter(([, of]) => of === tenant).length;
    if (tenant !== undefined && ofTenant() >= subscriptionsPerTenant)
      throw exceeded(
        `Your tenant may have ${counted(subscriptionsPerTenant, 'subscription')} (limits.subscriptionsPerTenant), and has that many`,
      );
    begun.set(id, tenant);
    return () => void begun.delete(id);
  };
}

function exceeded(there: string): Fault {
  return new Fault('QUOTA_EXCEEDED', `${there}; delete one first.`, { retryAfter });
}
