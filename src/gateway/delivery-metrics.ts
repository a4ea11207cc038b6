import { SubscriptionState } from '#schema/inventory/inventory-subscription.js';
import type { Subscriber } from '#subscriptions/delivery/deliveries.js';
import type { DelivererState } from '#subscriptions/delivery/deliverer.js';
import type { DeliveryMetrics } from '#subscriptions/delivery/surroundings.js';
import type { Metrics } from '../platform/metrics.js';

/** How many subscriptions are in each state: the same in every process. */
export function measureSubscriptions(metrics: Metrics, all: () => Iterable<Subscriber>): void {
  metrics.measuredEach('netweave_subscriptions', 'Subscriptions by state.', ['state'], () => {
    const counts = new Map<string, number>(SubscriptionState.options.map((state) => [state, 0]));
    for (const { value } of all()) {
      const state = value['state'] as string;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return Array.from(counts, ([state, count]) => [[state], count]);
  });
}

/** Metrics of what this process delivers. */
export function measureDeliveries(metrics: Metrics) {
  const attempts = metrics.counter('netweave_notifications_total', 'Attempts to notify by outcome.', ['outcome']);
  const outcome = (name: string) => {
    const counter = attempts(name);
    return () => counter.add();
  };
  const dropped = metrics.counter('netweave_dead_letters_dropped_total', 'Dead letters that made room for newer ones.');
  const counts: DeliveryMetrics = {
    delivered: outcome('delivered'),
    failed: outcome('failed'),
    dead: outcome('dead'),
    dropped: () => dropped().add(),
  };
  const measured: readonly (readonly [string, string, keyof DelivererState])[] = [
    ['netweave_delivery_shards', 'Shards of subscriptions that this process delivers to.', 'shards'],
    ['netweave_delivery_subscriptions', 'Subscriptions that this process delivers to.', 'subscriptions'],
    ['netweave_delivery_behind', 'Subscriptions that catch up with the log.', 'behind'],
    ['netweave_delivery_under_way', 'Notifications under way.', 'underWay'],
    ['netweave_delivery_lag_seconds', 'Age of the oldest notification that is owed.', 'lagSeconds'],
  ];
  return {
    counts,
    /** Begins to measure how the deliveries are doing. */
    state(of: () => DelivererState): void {
      for (const [name, help, member] of measured) metrics.measured(name, help, () => of()[member]);
    },
  };
}
