import { objectNames, objects } from '#schema/objects.js';
import { origin } from '#schema/position.js';
import { backups } from '#subscriptions/backups.js';
import { compileSubscription } from '#subscriptions/matcher/compile.js';
import { deliveries } from '#subscriptions/delivery/desk.js';
import { inventoryMatching } from '#subscriptions/delivery/inventory-matching.js';
import { owned } from '#subscriptions/owned.js';
import { systemClock } from '#platform/clock.js';
import { sealer } from '#platform/sealed.js';
import type { Store } from '#platform/store/store.js';
import type { View } from '../../inventory/view.js';
import type { Call } from '../operation.js';
import { subscriptionQuota, type SubscriptionLimits } from '../subscription-quota.js';
import { subscriptions, type Subscriptions } from '../subscriptions.js';

/** Subscriptions over a store, whose callbacks are whoever is named: nobody delivers to them. */
export function subscriptionsOf(store: Store, limits: SubscriptionLimits = { subscriptions: 100 }): Subscriptions {
  const kept = owned(store);
  const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
  const sealed = sealer(Buffer.alloc(32));
  return subscriptions({
    store,
    owned: kept,
    callbacks: { admit: () => undefined, verify: async () => undefined },
    deliveries: deliveries({
      store,
      owned: kept,
      clock: systemClock,
      subscribers: { get: () => undefined, all: () => [], position: () => origin, reached: async () => undefined },
      matching: inventoryMatching({ publicUrl: 'http://gateway', oCloudId }),
      post: async () => ({ status: 204 }),
      sealer: sealed,
      log: () => undefined,
      userAgent: 'netweave',
    }),
    backups: backups({ store, owned: kept, sealer: sealed, oCloudId, version: 'test', clock: systemClock }),
    takePlace: subscriptionQuota(limits),
    serves: () => true,
    checkFilter({ apiMajor, filter, filterMode }) {
      compileSubscription({ api: 'o2ims-infrastructureInventory', major: apiMajor, filter, mode: filterMode });
    },
  });
}

const permissions = new Set(objectNames.map((name) => `${objects[name].collection}:read`));

/** What somebody of a tenant calls who may read everything; `expected`: the tags of `If-Match`. */
export function callOf(view: View, tenant: string | undefined, expected?: ReadonlySet<string>): Call {
  const scope = { tenant, permissions, key: String(tenant) };
  const signal = new AbortController().signal;
  return { principal: { name: 'ann', scope }, scope, view, expected, signal } as unknown as Call;
}
