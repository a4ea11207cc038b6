import { dirname } from 'node:path';
import { coverage as newCoverage } from '#subscriptions/coverage.js';
import { sitesByZone, type ConfiguredInventory } from '#subscriptions/configured.js';
import { feed as newFeed } from '#subscriptions/feed.js';
import { openHub } from '#subscriptions/live/hub.js';
import { newHolder } from '#subscriptions/watching.js';
import type { Registry } from '#adapters/registry.js';
import type { Fault } from '#schema/errors.js';
import { routing as newRouting } from '#adapters/routing.js';
import { clients as newClients, type Listed } from '../access/clients.js';
import { rateLimit } from '../access/rate-limit.js';
import { strangers } from '../access/strangers.js';
import { openView, type View } from '../inventory/view.js';
import { gate as newGate } from '../operations/gate.js';
import { markers as newMarkers } from '../operations/markers.js';
import { allOperations, allPermissions } from '../operations/operations.js';
import { writes as newWrites } from '../operations/writes.js';
import type { Configuration } from '../platform/config/model.js';
import { defaultLocation, defaultSite } from '../platform/config/default-place.js';
import { openKeys } from '../platform/keys.js';
import type { Logger } from '../platform/logger.js';
import { sealer } from '../platform/sealed.js';
import { oCloudIdOf } from '../platform/store/identity.js';
import { openStore, storeName } from '../platform/store/open-store.js';
import type { Store } from '../platform/store/store.js';
import { openBackends } from './backends.js';
import { openSubscriptions, type OpenedSubscriptions } from './deliveries.js';
import { admission as newAdmission } from '../facades/admission.js';
import { foreignPages } from '../facades/foreign-pages.js';
import { openFacades } from '../facades/facades.js';
import { openFront, type Front } from './front.js';
import { heldToKey } from './held-to-key.js';
import { hasKey } from './key-of-store.js';
import { membersOf } from './shared-watches.js';
import { measureLogAge } from './log-age.js';
import { toldWrites } from './told-writes.js';
import { trimStore } from './trim.js';
import { writeConfigured } from './write-configured.js';

/** A running gateway. */
export interface Gateway {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where health and metrics are: a port of their own, if the configuration gives them one. */
  readonly healthUrl: string;
  /** How far the first synchronisation has come, by instance. */
  progress(): readonly {
    readonly instance: string;
    readonly synced: number;
    readonly of: number;
    readonly reason?: string;
  }[];
  /** Why it cannot go on, if that comes: nothing is to be finished, the process ends. */
  readonly lost: Promise<Fault>;
  /** From now on these may call, and nobody else. Throws, and changes nothing, when a role names an unknown permission. */
  replaceClients(listed: Listed): void;
  /** Is not ready any more and ends connections with their next answer, before `close` ends those left; a second at most. */
  leave(): Promise<void>;
  /** Stops accepting, finishes what is in flight, lets go of the store. */
  close(): Promise<void>;
}

/** Puts the house together, from the store outwards; the only place where everything is known to everything. */
export async function openGateway(configuration: Configuration, logger: Logger): Promise<Gateway> {
  const front = await openFront(configuration, logger);
  // Side by side: each may take most of the time that there is for a stop.
  const drains = [() => front.close()];
  const stops: (() => Promise<unknown> | void)[] = [];
  const close = async () => {
    // Whatever fails, the rest is finished and let go of.
    const ended: PromiseSettledResult<unknown>[] = await Promise.allSettled(drains.map((drain) => drain()));
    for (const stop of stops.toReversed()) ended.push(...(await Promise.allSettled([Promise.resolve().then(stop)])));
    const failures = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (failures.length > 0)
      throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Stopping failed.');
  };
  const { promise: lost, resolve: onLost } = Promise.withResolvers<Fault>();
  // Where nobody calls, nobody is replaced.
  let replaceClients: Gateway['replaceClients'] = () => undefined;
  try {
    const inside = await openInside(configuration, logger, front, { onStop: (stop) => stops.push(stop), onLost });
    const { url, apiRoot, metrics } = front;
    const root = apiRoot ?? configuration.publicUrl ?? url;
    const subscribed = openSubscriptions({ configuration, logger, url, apiRoot: root, metrics, ...inside });
    drains.push(() => subscribed.stop());
    stops.push(() => subscribed.close());
    if (apiRoot !== undefined) {
      const served = { ...front, apiRoot };
      const operated = await openOperations(configuration, logger, served, { ...inside, ...subscribed });
      stops.push(() => operated.facades.stop());
      stops.push(() => operated.hub.stop());
      front.serve(operated);
      replaceClients = operated.clients.replace;
    }
    front.follow(inside);
    inside.backends.start();
    if (configuration.runs.includes('deliver')) await subscribed.start();
    const progress = () => inside.coverage.progress();
    return { url, healthUrl: front.healthUrl, progress, lost, replaceClients, leave: () => front.leave(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Served = Pick<Front, 'countOperation' | 'load' | 'served'> & { readonly apiRoot: string };
type Inside = Awaited<ReturnType<typeof openInside>> & Pick<OpenedSubscriptions, 'subscriptions'>;

interface Ends {
  onStop(this: void, stop: () => Promise<unknown> | void): void;
  onLost(this: void, why: Fault): void;
}

async function openTold({ store }: Configuration, logger: Logger, lost: Ends['onLost']): Promise<Store> {
  return toldWrites(await openStore(store, { lost, waits: (message) => logger.warn(message) }), logger);
}

/** State and backends: everything that operations work with. */
async function openInside(
  configuration: Configuration,
  logger: Logger,
  { url, apiRoot, metrics }: Front,
  { onStop, onLost }: Ends,
) {
  const routing = newRouting(configuration.routing);
  const { memory, file } = configuration.store;
  const opened = await openTold(configuration, logger, onLost);
  onStop(() => opened.close());
  const keys = openKeys(configuration, await hasKey(opened));
  const sealing = sealer(keys.subKey('secrets'));
  const { store, demandKey, lookAtKey } = heldToKey(opened, sealing, storeName(configuration.store), onLost);
  await demandKey();
  const oCloudId = await oCloudIdOf(store, configuration.oCloud.oCloudId);
  const coverage = newCoverage();
  const holder = newHolder();
  const members = configuration.store.redis && membersOf(store, holder, configuration, { url, lookAtKey });
  let readAgain = (): void => undefined;
  const failed = (message: string, error: unknown) => logger.error({ err: error }, message);
  const view = await openView(store, failed, () => readAgain());
  onStop(() => view.stop());
  const siteOf = sitesByZone(configuration, oCloudId);
  const dataDirectory = memory ? undefined : dirname(file);
  const around = {
    configuration,
    oCloudId,
    store,
    feed: newFeed(store),
    coverage,
    view,
    metrics,
    logger,
    dataDirectory,
    siteOf,
    members,
  };
  const backends = await openBackends(around);
  // A log that was rewritten lost what the watchers believe to have told.
  readAgain = () => backends.watching.readAgain();
  onStop(() => backends.stop());
  const places = shownPlaces(configuration, backends.registry, view, siteOf(undefined).oCloudSiteId);
  if (apiRoot !== undefined) await writeConfigured({ ...around, holder, places, apiRoot });
  onStop(trimStore(store, configuration, { holder, logger }));
  onStop(measureLogAge(store, metrics));
  if (members) {
    // Who gives the store another key looks for those who run: either it sees this one, or this one sees the other key.
    await members.presence.tick();
    await demandKey();
  }
  return { store, keys, oCloudId, coverage, view, backends, routing, members };
}

/** The gate, and the facades in front of it. */
async function openOperations(configuration: Configuration, logger: Logger, front: Served, inside: Inside) {
  const { store, keys, oCloudId, coverage, view, backends, routing, subscriptions } = inside;
  const { mode, limits, firstSyncTimeout, tokens, roles } = configuration;
  const unforeseen = (error: unknown, { requestId }: { readonly requestId: string }) =>
    logger.error({ err: error, requestId }, 'A request failed in a way nobody foresaw.');
  const rate = mode === 'production' ? limits.rate : undefined;
  const charge = rateLimit(store, rate);
  const gate = newGate({
    view,
    coverage,
    store,
    subscriptions,
    writes: newWrites({ registry: backends.registry, routing, oCloudId, watching: backends.watching }),
    markers: newMarkers(keys.subKey('markers')),
    charge,
    pageSize: limits.pageSize,
    deadline: limits.deadline,
    firstSyncTimeout,
    count: front.countOperation,
    unforeseen,
  });
  const open = mode === 'development' && tokens.length === 0;
  const operations = allOperations;
  const clients = newClients(allPermissions, { tokens, roles }, open);
  const { identify } = clients;
  const hub = await openHub({
    store,
    reached: (position) => view.reached(position),
    failed: (message, error) => logger.error({ err: error }, message),
  });
  const { apiRoot: publicUrl, load, served } = front;
  const chargeStranger = strangers(rate?.strangersPerSecond);
  const { inFlightPerPrincipal } = limits;
  const admission = newAdmission({ identify, charge, chargeStranger, load, inFlightPerPrincipal, served });
  const behind = { gate, view, operations, hub, identify, admission, unforeseen };
  const facades = await openFacades({ configuration, publicUrl, ...behind });
  const refuses = open ? foreignPages({ publicUrl: front.apiRoot, cors: configuration.cors }) : undefined;
  return { hub, facades, clients, admission, refuses };
}

/** Without the site made up as a default, unless some backend has, had or may have pools but no sites of its own. */
function shownPlaces(
  configuration: Configuration,
  { instances }: Registry,
  view: View,
  defaultSiteId: string,
): ConfiguredInventory {
  const { backends, sites, locations } = configuration;
  const used = view.kind('ResourcePool').posting('oCloudSiteId', defaultSiteId)?.empty === false;
  const unknown = backends.some(({ key, enabled }) => enabled && !instances.some((each) => each.key === key));
  const needed = instances.some(({ connection: { project } }) => project.ResourcePool && !project.OCloudSite);
  if (used || unknown || needed) return configuration;
  return {
    ...configuration,
    sites: sites.filter((site) => site !== defaultSite),
    locations: locations.filter((location) => location !== defaultLocation),
  };
}
