import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { connectBackends, type Registry } from '#adapters/registry.js';
import { routing, type RoutingRule } from '#adapters/routing.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { coverage, type Coverage } from '#subscriptions/coverage.js';
import { feed } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import type { Watching } from '#subscriptions/watching.js';
import { openView, type View } from '../../inventory/view.js';
import { markers } from '../markers.js';
import type { Call } from '../operation.js';
import { writes, type Writes } from '../writes.js';
import { boxes, idOf, oCloudId } from './boxes.js';
import { subscriptionsOf } from './subscriptions.js';

/** Backends that have been read and can be written to. */
export interface Operator {
  readonly view: View;
  readonly writes: Writes;
  readonly coverage: Coverage;
  readonly registry: Registry;
  /** What an operation is given on behalf of a tenant (undefined: of the system). */
  call(tenant?: string, signal?: AbortSignal): Call;
  close(): Promise<void>;
}

type Options = Readonly<Record<string, { readonly cannot?: readonly string[]; readonly silent?: boolean }>>;

/** Backends by key with their options. */
export async function openOperator(
  options: Options = { east: {}, west: {} },
  rules: readonly RoutingRule[] = [],
): Promise<Operator> {
  const store = await openEmbeddedStore({ memory: true });
  const account = coverage();
  const view = await openView(store, () => undefined);
  const registry = await connect(options);
  const watchers = watchAll(registry, store, account);
  const loud = new Set(Object.keys(options).filter((key) => options[key]!.silent !== true));
  while (account.progress().some(({ instance, synced, of }) => loud.has(instance) && synced < of)) await nextTurn();
  await view.reached(await store.head());
  const ours = writes({ registry, routing: routing(rules), oCloudId, watching: observedBy(watchers) });
  return {
    view,
    writes: ours,
    coverage: account,
    registry,
    call: (tenant, signal = AbortSignal.timeout(5000)) =>
      callOf({ tenant, signal, view, writes: ours, subscriptions: subscriptionsOf(store), account }),
    async close() {
      for (const each of watchers.values()) await each.stop();
      await registry.close();
      view.stop();
      await store.close();
    },
  };
}

function connect(options: Options): Promise<Registry> {
  const instances = Object.entries(options).map(([key, each]) => {
    return { key, type: 'boxes', options: each, deadline: 1000, concurrency: 4 };
  });
  return connectBackends(instances, [boxes], ({ key }) => ({
    key,
    oCloudId,
    idOf: (object, identity) => idOf(key, object, identity),
    siteOf: () => ({ oCloudSiteId: 's', globalLocationId: 'l' }),
    log: () => undefined,
  }));
}

function watchAll({ instances }: Registry, store: Store, account: Coverage): ReadonlyMap<string, Watcher> {
  const around = { store, feed: feed(store), coverage: account, log: () => undefined };
  return new Map(
    instances.map(({ key, connection }) => {
      account.expect(key, ['ResourcePool', 'Resource'], new Set());
      return [key, watch({ source: { instance: key, projection: 'p' }, connection, oCloudId }, around)];
    }),
  );
}

interface Around extends Pick<Call, 'signal' | 'view' | 'writes' | 'subscriptions'> {
  readonly tenant: string | undefined;
  readonly account: Coverage;
}

function callOf({ tenant, account, ...rest }: Around): Call {
  const scope = { tenant, permissions: new Set<string>(), key: `${tenant}` };
  const knows = (object: ObjectName) => {
    if (!account.knows(object)) throw new Fault('UNAVAILABLE', `Whether there is a ${object} is not known yet.`);
  };
  const principal = { name: 'ann', scope };
  return {
    ...rest,
    principal,
    scope,
    markers: markers(Buffer.alloc(32)),
    readAudit: async () => [],
    pageSize: 2,
    knows,
  };
}

function observedBy(watchers: ReadonlyMap<string, Watcher>): Pick<Watching, 'observe'> {
  return { observe: (instance, ...given) => watchers.get(instance)!.observe(...given) };
}
