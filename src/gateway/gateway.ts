import { dirname } from 'node:path';
import { coverage as newCoverage } from '#subscriptions/coverage.js';
import {
  configurationInstance,
  sitesByZone,
  syncConfiguration,
  type ConfiguredInventory,
} from '#subscriptions/configured.js';
import { feed as newFeed } from '#subscriptions/feed.js';
import { projectionFingerprint } from '#schema/fingerprint.js';
import type { Registry } from '#adapters/registry.js';
import { routing as newRouting } from '#adapters/routing.js';
import { tokenPrincipals, scopeOf } from '../access/principal.js';
import { loadRoles } from '../access/policy.js';
import { rateLimit } from '../access/rate-limit.js';
import { openView } from '../inventory/view.js';
import { gate as newGate } from '../operations/gate.js';
import { markers as newMarkers } from '../operations/markers.js';
import { allOperations, allPermissions } from '../operations/operations.js';
import { writes as newWrites } from '../operations/writes.js';
import type { Configuration } from '../platform/config/model.js';
import { defaultLocation, defaultSite } from '../platform/config/default-place.js';
import { openKeys } from '../platform/keys.js';
import type { Logger } from '../platform/logger.js';
import { openEmbeddedStore } from '../platform/store/embedded/embedded-store.js';
import { oCloudIdOf } from '../platform/store/identity.js';
import { openBackends } from './backends.js';
import { openFacades } from '../facades/facades.js';
import { openFront } from './front.js';
import { trimLog } from './trim.js';

/** A running gateway. */
export interface Gateway {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How far the first synchronisation has come, by instance. */
  progress(): readonly {
    readonly instance: string;
    readonly synced: number;
    readonly of: number;
    readonly reason?: string;
  }[];
  /** Stops accepting, finishes what is in flight, lets go of the store. */
  close(): Promise<void>;
}

/** Without the site made up as a default, unless some backend has pools but no sites of its own. */
function shownPlaces(configuration: Configuration, { instances }: Registry): ConfiguredInventory {
  const needed = instances.some(({ connection: { project } }) => project.ResourcePool && !project.OCloudSite);
  if (needed) return configuration;
  const { sites, locations } = configuration;
  return {
    ...configuration,
    sites: sites.filter((site) => site !== defaultSite),
    locations: locations.filter((location) => location !== defaultLocation),
  };
}

/** Puts the house together, from the store outwards; the only place where everything is known to everything. */
export async function openGateway(configuration: Configuration, logger: Logger): Promise<Gateway> {
  const front = await openFront(configuration, logger);
  const { memory, file } = configuration.store;
  const store = await openEmbeddedStore(memory ? { memory } : { file }).catch(async (error: unknown) => {
    await front.close();
    throw error;
  });
  const keys = openKeys(configuration);
  const oCloudId = await oCloudIdOf(store, configuration.oCloud.oCloudId);
  const feed = newFeed(store);
  const coverage = newCoverage();
  const source = {
    instance: configurationInstance,
    projection: projectionFingerprint(configurationInstance),
    baseline: true,
  };
  const view = await openView(store, (message, error) => logger.error({ err: error }, message));

  const dataDirectory = memory ? undefined : dirname(file);
  const backends = await openBackends({
    configuration,
    oCloudId,
    store,
    feed,
    coverage,
    logger,
    dataDirectory,
    siteOf: sitesByZone(configuration, oCloudId),
  });
  const unforeseen = (error: unknown, { requestId }: { readonly requestId: string }) =>
    logger.error({ err: error, requestId }, 'A request failed in a way nobody foresaw.');
  await syncConfiguration(feed, source, shownPlaces(configuration, backends.registry), oCloudId, front.apiRoot);
  const gate = newGate({
    view,
    coverage,
    store,
    writes: newWrites({
      registry: backends.registry,
      routing: newRouting(configuration.routing),
      oCloudId,
      watcher: backends.watcher,
    }),
    markers: newMarkers(keys.subKey('markers')),
    charge: rateLimit(store, configuration.mode === 'production' ? configuration.limits.rate : undefined),
    pageSize: configuration.limits.pageSize,
    deadline: configuration.limits.deadline,
    firstSyncTimeout: configuration.firstSyncTimeout,
    count: front.countOperation,
    unforeseen,
  });
  const roles = loadRoles(allPermissions, configuration.roles);
  const anonymous =
    configuration.mode === 'development' && configuration.tokens.length === 0
      ? { name: 'anonymous', scope: scopeOf(undefined, allPermissions) }
      : undefined;
  const facades = await openFacades({
    configuration,
    gate,
    view,
    operations: allOperations,
    publicUrl: front.apiRoot,
    unforeseen,
  });
  const trimming = trimLog(store, configuration.logBudget, logger);
  front.serve({ identify: tokenPrincipals(configuration.tokens, roles, anonymous), facades, coverage });
  await backends.start();
  return {
    url: front.url,
    progress: () => coverage.progress(),
    async close() {
      await front.close();
      await facades.stop();
      trimming.stop();
      await backends.stop();
      view.stop();
      await store.close();
    },
  };
}
