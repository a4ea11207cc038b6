import { objectId } from '#adapters/kit/identity.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import type { ObjectName } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import type { Lease } from '#platform/store/store.js';
import type { Feed, Source, Synced } from './feed.js';

/** Instance name of what the YAML holds: backends have no O-Cloud, locations and sites of their own. */
export const configurationInstance = '$configuration';

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

export interface ConfiguredInventory {
  readonly oCloud: {
    readonly globalCloudId?: string | undefined;
    readonly name: string;
    readonly description: string;
    readonly extensions?: unknown;
  };
  readonly locations: readonly ({
    readonly globalLocationId: string;
    readonly name: string;
    readonly description: string;
  } & Optional<{ coordinate: unknown; civicAddress: unknown; address: string; extensions: unknown }>)[];
  readonly sites: readonly ({
    readonly name: string;
    readonly description: string;
    readonly globalLocationId: string;
    readonly zones: readonly string[];
  } & Optional<{ oCloudSiteId: string; extensions: unknown }>)[];
}

export interface Site {
  readonly oCloudSiteId: string;
  readonly globalLocationId: string;
}

/** Site and location of a zone; the `default` site where no site names the zone. */
export function sitesByZone(inventory: ConfiguredInventory, oCloudId: string): (zone: string | undefined) => Site {
  const sites = inventory.sites.map((site) => ({ ...site, oCloudSiteId: siteId(site, oCloudId) }));
  const fallback = sites.find((site) => site.name === 'default');
  if (!fallback) throw new Error("The configuration holds no site 'default'.");
  const byZone = new Map(sites.flatMap((site) => site.zones.map((zone) => [zone, site] as const)));
  return (zone) => {
    const { oCloudSiteId, globalLocationId } = byZone.get(zone ?? '') ?? fallback;
    return { oCloudSiteId, globalLocationId };
  };
}

/** Brings what the configuration holds into the log, like a backend that is always complete. */
export async function syncConfiguration(
  feed: Feed,
  source: Source,
  inventory: ConfiguredInventory,
  { oCloudId, apiRoot, fence }: { readonly oCloudId: string; readonly apiRoot: string; readonly fence?: Lease },
): Promise<Synced> {
  const events = [...oCloud(inventory, oCloudId, apiRoot), ...locations(inventory), ...sites(inventory, oCloudId)];
  const complete = (object: ObjectName): ObjectEvent => ({
    type: 'complete',
    object,
    ids: new Set(events.flatMap((event) => (event.type === 'upsert' && event.object === object ? [event.id] : []))),
  });
  const objects = ['OCloud', 'Location', 'OCloudSite'] as const;
  const batch = { events: [...events, ...objects.map(complete)], ...(fence && { fence }) };
  return feed.sync({ ...source, objects }, batch);
}

function upsert(object: ObjectName, id: string, value: Value): ObjectEvent {
  const present = Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
  return { type: 'upsert', object, id, identity: id, tenant: null, value: present };
}

function oCloud(
  { oCloud: { globalCloudId, ...rest } }: ConfiguredInventory,
  oCloudId: string,
  apiRoot: string,
): ObjectEvent[] {
  return [
    upsert('OCloud', oCloudId, { oCloudId, globalCloudId: globalCloudId ?? oCloudId, ...rest, serviceUri: apiRoot }),
  ];
}

function locations(inventory: ConfiguredInventory): ObjectEvent[] {
  return inventory.locations.map((location) =>
    upsert('Location', location.globalLocationId, { ...location, oCloudSiteIds: [] }),
  );
}

function sites(inventory: ConfiguredInventory, oCloudId: string): ObjectEvent[] {
  return inventory.sites.map(({ zones: _zones, ...site }) => {
    const oCloudSiteId = siteId(site, oCloudId);
    return upsert('OCloudSite', oCloudSiteId, { ...site, oCloudSiteId, resourcePools: [] });
  });
}

function siteId(site: { readonly name: string; readonly oCloudSiteId?: string | undefined }, oCloudId: string): string {
  return site.oCloudSiteId ?? objectId(oCloudId, configurationInstance, 'OCloudSite', site.name);
}
