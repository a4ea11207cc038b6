import { randomUUID } from 'node:crypto';
import { apis } from '#schema/apis.js';
import { systemTenant } from '#schema/scope.js';
import { compileSubscription, type CompiledSubscription } from '../matcher/compile.js';
import { eventOf } from '../log/told-event.js';
import { reportedKind } from '../matcher/event.js';
import { subscriptionIndex } from '../matcher/subscription-index.js';
import { typeOf } from '../matcher/vocabulary.js';
import { notificationId, notificationOf, type Notified, type Notifier } from '../notification.js';
import type { Subscriber } from './deliveries.js';
import type { Matching } from './matching.js';

const api = 'o2ims-infrastructureInventory';

/** The newest version of each major. */
const versions = new Map(
  Object.entries(apis.find(({ name }) => name === api)!.majors).map(([major, { versions: all }]) => [major, all[0]!]),
);

interface Wanted {
  readonly apiMajor: string;
  readonly filter?: string;
  readonly filterMode?: 'exclude' | 'include';
  readonly consumerSubscriptionId?: string;
  readonly states?: 'object' | 'string';
}

/** Subscriptions to the inventory: their filters, and what they are told. What may be read at all was asked when they were made. */
export function inventoryMatching(notifier: Notifier): Matching<CompiledSubscription> {
  return {
    event: (change) => (reportedKind(change) && isTold(change.object) ? eventOf(change) : undefined),
    compile({ value }) {
      const { apiMajor: major, filter, filterMode } = value as unknown as Wanted;
      return compileSubscription({ api, major, ...(filter && { filter }), ...(filterMode && { mode: filterMode }) });
    },
    index() {
      const index = subscriptionIndex();
      return {
        add: ({ id, tenant }, compiled) =>
          index.add(id, compiled, tenant === systemTenant ? undefined : (tenant ?? undefined)),
        remove: (id) => index.remove(id),
        match: (event, unasked) => index.match(event, unasked),
      };
    },
    mayRead(subscriber, event) {
      const { tenant } = subscriber;
      const owner = event.change.tenant;
      return tenant === systemTenant || tenant === null || owner === null || owner === tenant;
    },
    notification: (subscriber, event) => {
      const notified = notifiedOf(subscriber);
      const id = notificationId(event, notified, notifier.oCloudId);
      return { id, body: notificationOf(event, notified, notifier, id) };
    },
    headers({ value }) {
      const { apiMajor } = value as unknown as Wanted;
      return { Version: versions.get(apiMajor)! };
    },
    test({ value }) {
      const id = randomUUID();
      const { consumerSubscriptionId } = value as unknown as Wanted;
      // A modification of nothing: neither a reference nor states.
      return { id, body: JSON.stringify({ notificationId: id, consumerSubscriptionId, notificationEventType: 1 }) };
    },
  };
}

/** Whether any major version of the API knows the object. */
function isTold(object: string): boolean {
  return typeOf(api, 'v2', object) !== undefined || typeOf(api, 'v1', object) !== undefined;
}

function notifiedOf({ id, value }: Subscriber): Notified {
  const { apiMajor: major, consumerSubscriptionId, states } = value as unknown as Wanted;
  return {
    id,
    api,
    major,
    ...(consumerSubscriptionId !== undefined && { consumerSubscriptionId }),
    ...(states && { states }),
  };
}
