import type { Value } from '#schema/change.js';
import { compileSubscription } from '#subscriptions/matcher/compile.js';
import { eventOf, type ToldEvent } from '#subscriptions/log/told-event.js';
import { subscriptionIndex, type SubscriptionIndex } from '#subscriptions/matcher/subscription-index.js';
import { notificationOf } from '#subscriptions/notification.js';
import { median } from './alternate.js';
import { resource } from './view.js';

// `node dist/bench/matcher.js`: what it costs to find whom an event is for, and to write what they are told.
const inventory = { api: 'o2ims-infrastructureInventory', major: 'v2' };
const subscriptions = 10_000;
const rounds = 15;

/** A server that was modified, as it is read from the log. */
function event(n: number): ToldEvent {
  const value = JSON.parse(JSON.stringify(resource(n, 6))) as Value;
  const position = { seq: n + 1, tag: 'bench' };
  const place = { object: 'Resource', id: value['resourceId'] as string, tenant: null, instance: 'bench', position };
  const after = { ...place, identity: `server-${n}`, value, projection: 'bench' };
  const at = '2026-01-01T00:00:00Z';
  return eventOf({ ...place, change: 'modified', baseline: false, at, after, reversePatch: { description: 'before' } });
}

const events = Array.from({ length: 300 }, (_, n) => event(n));
const pools = events.map(({ after }) => after!['resourcePoolId'] as string);

function indexOf(filter: (n: number) => string): SubscriptionIndex {
  const index = subscriptionIndex();
  for (let n = 0; n < subscriptions; n += 1)
    index.add(`s${n}`, compileSubscription({ ...inventory, filter: filter(n) }), undefined);
  return index;
}

/** Microseconds of this process, so that what else the machine does counts little. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds of one event, the median of the rounds. */
function measure(index: SubscriptionIndex, matching: number, times: number): number {
  const once = () => {
    for (let n = 0; n < times; n += 1) {
      const found = index.match(events[n % events.length]!).length;
      if (found !== matching) throw new Error(`${found} matched instead of ${matching}.`);
    }
  };
  once();
  const costs = Array.from({ length: rounds }, () => {
    const start = cpu();
    once();
    return (cpu() - start) / times;
  });
  return median(costs);
}

function line(name: string, microseconds: number, most: number): void {
  const verdict = microseconds <= most ? 'ok' : 'FAILED';
  console.log(`${verdict}: ${name}: ${microseconds.toFixed(2)} µs (at most ${most})`);
  if (microseconds > most) process.exitCode = 1;
}

// Ten of them want each of 1,000 pools, of which the events have 300.
const wanted = (n: number) => pools[n % 1000] ?? `pool-${n % 1000}`;
const keyed = indexOf((n) => `(eq,objectType,LocationInfo);(neq,resourcePoolId,x)|(neq,resourcePoolId,${wanted(n)})`);
line('one event, 10 of 10,000 match by an index key', measure(keyed, 10, 3000), 100);

const everyone = indexOf(() => '');
line('each of 10,000 without a filter', measure(everyone, subscriptions, 10) / subscriptions, 1);
const filtered = indexOf((n) => `(eq,objectType,ResourceInfo);(eq,tags,nobody-${n});(cont,description,nothing)`);
line('each of 10,000 with a filter that all must be asked', measure(filtered, subscriptions, 10) / subscriptions, 1);
events.length = 3;
const samePools = indexOf(() => `(nin,resourcePoolId,${pools.slice(0, 3).join()})`);
line('each of 10,000 by the same index keys', measure(samePools, subscriptions, 10) / subscriptions, 1);
const samePoolsAndMore = indexOf(() => `[(nin,resourcePoolId,${pools.slice(0, 3).join()}) | (eq,tags,nobody)]`);
const dear = measure(samePoolsAndMore, subscriptions, 10) / subscriptions;
console.log(`the same, where each asks for three identifiers and a tag: ${dear.toFixed(2)} µs`);

const compiling = cpu();
indexOf((n) => `(eq,objectType,ResourceInfo);(neq,resourcePoolId,${wanted(n)});(eq,notificationEventType,1)`);
const cost = (cpu() - compiling) / subscriptions;
console.log(`compiling and adding one subscription: ${cost.toFixed(1)} µs`);

const notifier = { publicUrl: 'https://o2.example', oCloudId: '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11' };
const bodies = Array.from({ length: rounds }, (_, round) => {
  const fresh = Array.from({ length: 20 }, (_event, n) => event(round * 20 + n));
  const start = cpu();
  for (const each of fresh)
    for (let n = 0; n < 100; n += 1) notificationOf(each, { ...inventory, id: `s${n}` }, notifier);
  return (cpu() - start) / (fresh.length * 100);
});
console.log(`one body, each event for 100 subscriptions: ${median(bodies).toFixed(1)} µs`);
