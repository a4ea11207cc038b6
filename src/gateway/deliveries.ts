import { randomUUID } from 'node:crypto';
import { backups } from '#subscriptions/backups.js';
import { compileSubscription } from '#subscriptions/matcher/compile.js';
import { startDeliverer } from '#subscriptions/delivery/deliverer.js';
import { deliveries } from '#subscriptions/delivery/desk.js';
import { inventoryMatching } from '#subscriptions/delivery/inventory-matching.js';
import { postThrough } from '#subscriptions/delivery/post.js';
import type { Surroundings } from '#subscriptions/delivery/surroundings.js';
import { owned as ownedObjects } from '#subscriptions/owned.js';
import type { View } from '../inventory/view.js';
import { subscriptionQuota } from '../operations/subscription-quota.js';
import { subscriptions, type Subscriptions } from '../operations/subscriptions.js';
import { systemClock } from '../platform/clock.js';
import type { Configuration } from '../platform/config/model.js';
import { servesV2 } from '../platform/config/serves-v2.js';
import type { Keys } from '../platform/keys.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { outbound, type Outbound } from '../platform/outbound/client.js';
import { tokens as newTokens } from '../platform/outbound/token.js';
import { sealer } from '../platform/sealed.js';
import type { Store } from '../platform/store/store.js';
import type { Backends } from './backends.js';
import { version } from '../platform/version.js';
import { callbacksOf } from './callbacks.js';
import { ownServersOf } from './own-servers.js';
import { measureDeliveries, measureSubscriptions } from './delivery-metrics.js';

const userAgent = 'netweave';
const hour = 3_600_000;

interface Around {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly url: string;
  readonly apiRoot: string;
  readonly store: Store;
  readonly keys: Keys;
  readonly view: View;
  readonly oCloudId: string;
  readonly backends: Pick<Backends, 'registry'>;
}

/** Subscriptions and who delivers to them. */
export interface OpenedSubscriptions {
  readonly subscriptions: Subscriptions;
  /** Begins to deliver what is owed. */
  start(): Promise<void>;
  /** Delivers no more, once what is under way is answered. */
  stop(): Promise<void>;
  /** Lets go of all connections: no callback can be tried any more. */
  close(): void;
}

export function openSubscriptions(around: Around): OpenedSubscriptions {
  const { configuration, logger, metrics, store, keys, view, oCloudId, apiRoot } = around;
  const { callbacks } = configuration;
  const client = clientOf(around);
  const tokens = newTokens(client);
  const owned = ownedObjects(store);
  const surroundings: Surroundings = {
    store,
    owned,
    clock: systemClock,
    subscribers: subscribersOf(view),
    matching: inventoryMatching({ publicUrl: apiRoot, oCloudId }),
    post: postThrough(client, tokens, callbacks.timeout),
    sealer: sealer(keys.subKey('secrets')),
    log: (level, message, fields) => logger[level](fields, message),
    userAgent,
  };
  measureSubscriptions(metrics, () => surroundings.subscribers.all());
  let stopDelivering = async (): Promise<void> => undefined;
  return {
    subscriptions: subscriptions({
      store,
      owned,
      callbacks: callbacksOf(client, tokens, callbacks.test === 'on'),
      deliveries: deliveries(surroundings),
      backups: backups({ ...surroundings, oCloudId, version: version() }),
      takePlace: subscriptionQuota(configuration.limits),
      serves: (apiMajor) => apiMajor !== 'v2' || servesV2(configuration),
      checkFilter({ apiMajor, filter, filterMode }) {
        compileSubscription({ api: 'o2ims-infrastructureInventory', major: apiMajor, filter, mode: filterMode });
      },
    }),
    async start() {
      const measured = measureDeliveries(metrics);
      const logKeeps = configuration.logBudget.hours * hour;
      const deliverer = await startDeliverer({
        ...surroundings,
        name: randomUUID(),
        metrics: measured.counts,
        logKeeps,
        parallel: callbacks,
        deadLetters: callbacks.deadLetters,
      });
      measured.state(() => deliverer.state());
      stopDelivering = () => deliverer.stop();
    },
    stop: () => stopDelivering(),
    close: () => client.close(),
  };
}

function clientOf({ configuration, url, store, backends }: Around): Outbound {
  const { mode, callbacks } = configuration;
  const learnt = { url, store, registry: backends.registry };
  return outbound({ mode, callbacks, own: ownServersOf(configuration, learnt, process.env) });
}

function subscribersOf(view: View): Surroundings['subscribers'] {
  const kind = () => view.kind('InventorySubscription');
  return {
    get: (id) => kind().get(id),
    all: () => kind().unordered.filter((row) => row !== undefined),
    position: () => view.position(),
    reached: (position) => view.reached(position),
  };
}
