import type { Told } from './world.js';

/** A UUID that says what it is: `id('a', 3)`. */
export function id(kind: string, number: number): string {
  return `${kind.charCodeAt(0).toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export const ids = {
  cloud: id('c', 0),
  location: id('l', 1),
  site: (number: number) => id('s', number),
  type: (number: number) => id('t', number),
  pool: (number: number) => id('p', number),
  resource: (number: number) => id('r', number),
  element: (number: number) => id('e', number),
  manager: id('d', 1),
};

export const pools = 5;
export const resourcesPerPool = 4;

const resource = (resourceId: string, pool: number, type: number, more: object = {}) => ({
  resourceId,
  resourcePoolId: ids.pool(pool),
  resourceTypeId: ids.type(type),
  description: `Resource of pool ${pool}`,
  tags: type === 1 ? ['edge', 'gpu'] : [],
  groups: [],
  elements: [],
  ...more,
});

export function poolOf(number: number, tenant?: string): Told {
  const index = number - 1;
  const value = {
    resourcePoolId: ids.pool(number),
    name: `pool-${number}`,
    description: '',
    oCloudSiteId: ids.site((index % 2) + 1),
    oCloudId: ids.cloud,
    globalLocationId: ids.location,
    location: 'Hall 1',
    extensions: { rack: `r${index % 3}`, height: index },
  };
  return tenant === undefined ? ['ResourcePool', value] : ['ResourcePool', value, tenant];
}

/** A resource of a pool and the first type. */
export function resourceOf(number: number, pool: number): Told {
  return ['Resource', resource(ids.resource(number), pool, 1)];
}

/** One location, two sites, two types, five pools of four resources; the first resource has a nested element. */
export const inventory: readonly Told[] = [
  [
    'OCloud',
    { oCloudId: ids.cloud, globalCloudId: 'global', name: 'cloud', description: '', serviceUri: 'https://o2.example' },
  ],
  [
    'Location',
    {
      globalLocationId: ids.location,
      name: 'Berlin',
      description: '',
      coordinate: [{ type: 'Point', coordinates: [13.4, 52.5] }],
      civicAddress: [{ caType: 3, caValue: 'Berlin' }],
    },
  ],
  ...[1, 2].map((number): Told => [
    'OCloudSite',
    { oCloudSiteId: ids.site(number), globalLocationId: ids.location, name: `site-${number}`, description: '' },
  ]),
  ...[1, 2].map((number): Told => [
    'ResourceType',
    {
      resourceTypeId: ids.type(number),
      name: `type-${number}`,
      description: '',
      vendor: 'Example',
      model: 'M',
      version: '1',
      resourceKind: 'PHYSICAL',
      resourceClass: number === 1 ? 'COMPUTE' : 'STORAGE',
    },
  ]),
  ...Array.from({ length: pools }, (_, index) => {
    const number = index + 1;
    return poolOf(number, number === 4 ? 'a' : number === 5 ? 'b' : undefined);
  }),
  ...Array.from({ length: pools * resourcesPerPool }, (_, index): Told => {
    const pool = Math.floor(index / resourcesPerPool) + 1;
    const elements = index === 0 ? [resource(ids.element(1), 1, 2, { description: 'A disk' })] : [];
    const value = resource(ids.resource(index + 1), pool, (index % 2) + 1, { elements });
    return ['Resource', value, pool === 4 ? 'a' : pool === 5 ? 'b' : undefined] as Told;
  }),
  [
    'DeploymentManager',
    {
      deploymentManagerId: ids.manager,
      name: 'cluster',
      description: '',
      oCloudId: ids.cloud,
      serviceUri: 'https://dms.example',
      supportedLocations: [ids.location],
      capabilities: { kubernetes: '1.34' },
      capacity: { cpu: '64' },
      extensions: {
        profileName: 'native_k8sapi',
        profileData: {
          cluster_api_endpoint: 'https://k8s.example',
          cluster_ca_cert: 'secret:x/y#ca',
          admin_user: 'root',
          admin_client_cert: 'secret:x/y#cert',
          admin_client_key: 'secret:x/y#key',
        },
      },
    },
  ],
];
