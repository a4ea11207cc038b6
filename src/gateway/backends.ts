import { join } from 'node:path';
import { adapters } from '#adapters/index.js';
import type { ConnectContext } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';
import { connectBackends, type Instance, type InstanceConfiguration, type Registry } from '#adapters/registry.js';
import type { ObjectName } from '#schema/objects.js';
import { projectionFingerprint } from '#schema/fingerprint.js';
import type { Coverage } from '#subscriptions/coverage.js';
import type { Feed, Source } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import type { Watching } from '#subscriptions/watching.js';
import { watchingAlone } from '#subscriptions/watching-alone.js';
import type { Site } from '#subscriptions/configured.js';
import type { View } from '../inventory/view.js';
import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import type { Lease, Store } from '../platform/store/store.js';
import { shareWatches, type Members } from './shared-watches.js';
import { accounts as newAccounts, type Accounts } from './accounts.js';
import { measureBackends } from './backend-metrics.js';
import { allRemembered, type Remembered } from './remembered.js';

interface Surroundings {
  readonly configuration: Configuration;
  readonly oCloudId: string;
  readonly store: Store;
  readonly feed: Feed;
  readonly coverage: Coverage;
  readonly view: View;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Where backends keep what they must keep; undefined when nothing is kept. */
  readonly dataDirectory: string | undefined;
  siteOf(zone: string | undefined): Site;
  /** The processes that share the store, where there may be others. */
  readonly members: Members | undefined;
}

export interface Backends {
  readonly registry: Registry;
  readonly watching: Watching;
  /** Begins to read every backend that is ours to read, those that connect later too. */
  start(): void;
  stop(): Promise<void>;
}

/**
 * Connects what the configuration names and gives each backend its watcher. What is disabled or no longer named keeps its
 * objects, named stale.
 */
export async function openBackends(around: Surroundings): Promise<Backends> {
  const { configuration, store, coverage, logger } = around;
  const remembered = await allRemembered(store);
  const once = await syncedOnce(store);
  const { watched, instances } = watchedBy(around);
  const shared = around.members && shareWatches({ ...around, ...watched, members: around.members });
  const watching = shared?.watching ?? watchingAlone(watched);
  const known = { coverage, store, logger, remembered, once };
  const accounts = newAccounts({ ...known, ...(shared && { following: shared.following }) });
  account(accounts, configuration, remembered);

  let started = false;
  const { called, count } = measureBackends({ ...around, watching });
  const events = {
    connected(instance: Instance) {
      instances.set(instance.key, instance);
      accounts.open(instance.key, Object.keys(instance.connection.project) as ObjectName[]);
      if (started && !shared) void watching.tick();
    },
    away(instance: string, reason: string) {
      if (!shared?.following.followed(instance)) coverage.away(instance, reason);
      logger.warn({ instance, reason }, 'A backend cannot be connected; retrying.');
    },
    called,
  };
  const backends: readonly InstanceConfiguration[] = configuration.backends;
  const registry = await connectBackends(backends, adapters, (instance) => contextOf(instance, around), events);
  count(
    registry,
    backends.map(({ key }) => key),
  );
  return {
    registry,
    watching,
    start() {
      started = true;
      if (shared) shared.start();
      else void watching.tick();
    },
    async stop() {
      await (shared ?? watching).stop();
      await accounts.close();
      await registry.close();
    },
  };
}

/** What can be watched, and how that is begun. */
function watchedBy(around: Surroundings) {
  const instances = new Map<string, Instance>();
  const watched = {
    instances: () => [...instances.keys()],
    begin(key: string, fence?: Lease): Watcher {
      const instance = instances.get(key)!;
      const source = sourceOf(instance);
      const of = { source, connection: instance.connection, oCloudId: around.oCloudId, ...(fence && { fence }) };
      return watch(of, { ...around, log: logFor(around.logger, key) });
    },
  };
  return { watched, instances };
}

function account(accounts: Accounts, { backends }: Configuration, remembered: ReadonlyMap<string, Remembered>): void {
  for (const { key, enabled } of backends) {
    if (enabled) accounts.expect(key);
    else accounts.leave(key, 'disabled in the configuration');
  }
  const named = new Set(backends.map(({ key }) => key));
  for (const key of remembered.keys()) if (!named.has(key)) accounts.leave(key, 'not in the configuration');
}

async function syncedOnce(store: Store): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const documents = await store.list('instance');
  return new Map(documents.map(({ id, value }) => [id, new Set(value['synced'] as readonly string[])]));
}

function sourceOf({ key, mapping, connection }: Instance): Source {
  const projection = projectionFingerprint(key, mapping);
  return {
    instance: key,
    projection,
    ...(connection.newer ? { newer: connection.newer.bind(connection) } : {}),
  };
}

function contextOf({ key }: InstanceConfiguration, around: Surroundings): ConnectContext {
  const { oCloudId, siteOf, dataDirectory } = around;
  return {
    key,
    oCloudId,
    idOf: (object, identity) => objectId(oCloudId, key, object, identity),
    siteOf,
    log: logFor(around.logger, key),
    ...(dataDirectory === undefined ? {} : { dataDirectory: join(dataDirectory, 'backends', key) }),
  };
}

function logFor(logger: Logger, instance: string): ConnectContext['log'] {
  return (level, message, fields) => logger[level]({ instance, ...fields }, message);
}
