import { adapters } from '#adapters/index.js';
import type { ConnectContext } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';
import { connectBackends, type InstanceConfiguration, type Registry } from '#adapters/registry.js';
import type { ObjectName } from '#schema/objects.js';
import { projectionFingerprint } from '#schema/fingerprint.js';
import type { Coverage } from '#subscriptions/coverage.js';
import type { Feed, Source } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import type { Site } from '#subscriptions/configured.js';
import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Store } from '../platform/store/store.js';

interface Surroundings {
  readonly configuration: Configuration;
  readonly oCloudId: string;
  readonly store: Store;
  readonly feed: Feed;
  readonly coverage: Coverage;
  readonly logger: Logger;
  /** Where backends keep what they must keep; undefined when nothing is kept. */
  readonly dataDirectory: string | undefined;
  siteOf(zone: string | undefined): Site;
}

export interface Backends {
  readonly registry: Registry;
  watcher(instance: string): Watcher;
  /** Begins to read every backend. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Connects what the configuration names and gives each backend its watcher. */
export async function openBackends(around: Surroundings): Promise<Backends> {
  const named = around.configuration.backends.filter((backend) => backend.enabled);
  const registry = await connectBackends(named as readonly InstanceConfiguration[], adapters, (instance) =>
    contextOf(instance, around),
  );
  const watchers = new Map<string, Watcher>();
  for (const backend of named) await expect(around, registry, backend.key);
  return {
    registry,
    watcher: (instance) => watchers.get(instance)!,
    async start() {
      for (const { key, mapping, connection } of registry.instances) {
        const before = await around.store.get('instance', key);
        const source: Source = {
          instance: key,
          projection: projectionFingerprint(key, mapping),
          baseline: before === undefined,
          ...(connection.newer ? { newer: connection.newer.bind(connection) } : {}),
        };
        watchers.set(
          key,
          watch({ source, connection, oCloudId: around.oCloudId }, { ...around, log: logFor(around.logger, key) }),
        );
      }
    },
    async stop() {
      await Promise.all([...watchers.values()].map((each) => each.stop()));
      await registry.close();
    },
  };
}

async function expect({ coverage, store }: Surroundings, registry: Registry, key: string): Promise<void> {
  const { connection } = registry.instances.find((each) => each.key === key)!;
  const before = await store.get('instance', key);
  const synced = (before?.value['synced'] as readonly string[] | undefined) ?? [];
  coverage.expect(key, Object.keys(connection.project) as ObjectName[], new Set(synced));
}

function contextOf({ key }: InstanceConfiguration, around: Surroundings): ConnectContext {
  const { oCloudId, siteOf, dataDirectory } = around;
  return {
    key,
    oCloudId,
    idOf: (object, identity) => objectId(oCloudId, key, object, identity),
    siteOf,
    log: logFor(around.logger, key),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  };
}

function logFor(logger: Logger, instance: string): ConnectContext['log'] {
  return (level, message, fields) => logger[level]({ instance, ...fields }, message);
}
