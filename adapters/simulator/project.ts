import type { ConnectContext, Projected, Projections } from '../contract.js';
import type { Category, Cluster, Model, Pool, Site } from './o-cloud/api.js';
import { projectEquipment } from './project-equipment.js';

/** How each O2 object is made from the O-Cloud's: the mapping table of the readme, as code. */
export function projections(context: ConnectContext): Projections {
  return {
    Location: { each: 'sites', build: location },
    OCloudSite: { each: 'sites', build: (site: Site) => oCloudSite(context, site) },
    ResourceType: { each: 'models', build: resourceType },
    ResourcePool: { each: 'pools', build: (pool: Pool) => resourcePool(context, pool) },
    Resource: { each: 'equipment', build: projectEquipment(context) },
    DeploymentManager: { each: 'clusters', build: (cluster: Cluster) => deploymentManager(context, cluster) },
  };
}

// Civic address types of RFC 4776.
const civic = { region: 1, city: 3, street: 6, house: 19, postalCode: 24 } as const;

function location(site: Site): Projected<'Location'> {
  const value = {
    name: site.city,
    description: `${site.city}, ${site.region}, ${site.country}`,
    oCloudSiteIds: [],
    coordinate: [{ type: 'Point' as const, coordinates: [site.longitude, site.latitude, site.altitude] }],
    civicAddress: Object.entries(civic).map(([part, caType]) => ({
      caType,
      caValue: site[part as keyof typeof civic],
    })),
    address: `${site.street} ${site.house}, ${site.postalCode} ${site.city}, ${site.country}`,
    extensions: { country: site.country },
  };
  return { value, tenant: null };
}

function oCloudSite(context: ConnectContext, site: Site): Projected<'OCloudSite'> {
  const value = {
    globalLocationId: context.idOf('Location', site.id),
    name: site.name,
    description: `${site.tier[0]!.toUpperCase()}${site.tier.slice(1)} site in ${site.city}`,
    resourcePools: [],
    extensions: { tier: site.tier },
  };
  return { value, tenant: null };
}

const classes: Readonly<Record<Category, 'COMPUTE' | 'NETWORKING' | 'STORAGE' | 'UNDEFINED'>> = {
  server: 'COMPUTE',
  cpu: 'COMPUTE',
  memory: 'COMPUTE',
  accelerator: 'COMPUTE',
  nic: 'NETWORKING',
  switch: 'NETWORKING',
  optic: 'NETWORKING',
  clock: 'NETWORKING',
  array: 'STORAGE',
  drive: 'STORAGE',
};

function resourceType(model: Model): Projected<'ResourceType'> {
  const value = {
    name: `${model.vendor} ${model.name}`,
    description: model.summary,
    vendor: model.vendor,
    model: model.name,
    version: model.revision,
    resourceKind: 'PHYSICAL' as const,
    resourceClass: classes[model.category] ?? 'UNDEFINED',
    extensions: { category: model.category, ...model.specs },
  };
  return { value: value as Projected<'ResourceType'>['value'], tenant: null };
}

/** Extensions of a pool that are the O-Cloud's own: shown, never written. */
export const poolFacts = ['tier', 'purpose'] as const;

function resourcePool(context: ConnectContext, pool: Pool): Projected<'ResourcePool'> {
  const value = {
    name: pool.name,
    description: pool.summary,
    oCloudSiteId: context.idOf('OCloudSite', pool.site),
    oCloudId: context.oCloudId,
    globalLocationId: context.idOf('Location', pool.site),
    location: pool.place,
    extensions: { ...pool.attributes, tier: pool.tier, purpose: pool.purpose },
  };
  return { value: value as Projected<'ResourcePool'>['value'], tenant: pool.owner };
}

function deploymentManager(context: ConnectContext, cluster: Cluster): Projected<'DeploymentManager'> {
  const secret = `secret:${cluster.accessSecret}`;
  const profileData = {
    cluster_api_endpoint: cluster.endpoint,
    cluster_ca_cert: `${secret}#ca.crt`,
    admin_user: cluster.user,
    admin_client_cert: `${secret}#tls.crt`,
    admin_client_key: `${secret}#tls.key`,
  };
  const value = {
    name: cluster.name,
    description: cluster.summary,
    oCloudId: context.oCloudId,
    serviceUri: cluster.endpoint,
    supportedLocations: [context.idOf('Location', cluster.site)],
    capabilities: { kubernetes: cluster.kubernetes, hugepages: true, cpuManager: 'static', multus: true },
    capacity: { nodes: cluster.nodes, cpu: String(cluster.cores), memory: `${cluster.memoryGiB}Gi` },
    extensions: {
      profileName: 'native_k8sapi',
      profileData,
      resourcePoolId: context.idOf('ResourcePool', cluster.pool),
    },
  };
  return { value, tenant: cluster.owner };
}
