/** The attribute tables of the inventory API, copied by hand from the contract, clause 1.3 (and 0.4, 0.7, 3.2). */

export type Major = 'v1' | 'v2';
export const majors: readonly Major[] = ['v1', 'v2'];

/** What a JSON value must be; a list of words is an enumeration. `Id` is a UUID in lower case (0.4). */
export type Kind =
  | 'Id'
  | 'String'
  | 'Uri'
  | 'Id[]'
  | 'String[]'
  | 'KeyValuePairs'
  | 'ResourceInfo[]'
  | 'AlarmDictionary'
  | 'Point'
  | 'CivicAddress[]'
  | readonly string[];

export interface Attribute {
  readonly name: string;
  readonly kind: Kind;
  readonly cardinality: '1' | '1..N' | '0..1' | '0..N';
  /** The only major version that has it. */
  readonly only?: Major;
  /** In the default-exclude set (3.2). */
  readonly hidden?: true;
  /** The key must be there although the cardinality begins at 0: always, or in v1 under `all_fields` alone. */
  readonly key?: 'always' | 'v1 all_fields';
  /** A required key may hold null. */
  readonly nullable?: true;
  /** The collection, or the O-Cloud, whose identifier the value is. */
  readonly names?: ListName | 'oCloud';
  /** Why the selectors are not tried on it: what the contract leaves open, or what is not served yet. */
  readonly unsettled?: string;
}

export type ListName =
  'resourceTypes' | 'resourcePools' | 'resources' | 'deploymentManagers' | 'locations' | 'oCloudSites';

export interface GoldenType {
  readonly type: string;
  /** The collection under the major version; the O-Cloud description has none. */
  readonly list?: ListName;
  readonly path: string;
  readonly object: string;
  readonly id: string;
  readonly attributes: readonly Attribute[];
  /** At least one of these is there. */
  readonly oneOf?: readonly string[];
}

const extensions: Attribute = { name: 'extensions', kind: 'KeyValuePairs', cardinality: '0..1', hidden: true };
const name: Attribute = { name: 'name', kind: 'String', cardinality: '1' };
const description: Attribute = { name: 'description', kind: 'String', cardinality: '1' };
const oCloudId: Attribute = { name: 'oCloudId', kind: 'Id', cardinality: '1', names: 'oCloud' };
const globalLocationId: Attribute = {
  name: 'globalLocationId',
  kind: 'String',
  cardinality: '1',
  names: 'locations',
};
const noDictionaries = 'dictionaries are not served yet';

const cloudInfo: GoldenType = {
  type: 'CloudInfo',
  path: '/',
  object: '/',
  id: 'oCloudId',
  attributes: [
    oCloudId,
    { name: 'globalCloudId', kind: 'String', cardinality: '1' },
    { name: 'globalcloudId', kind: 'String', cardinality: '1', only: 'v1' },
    name,
    description,
    { name: 'serviceUri', kind: 'Uri', cardinality: '1' },
    extensions,
  ],
};

const resourceTypeInfo: GoldenType = {
  type: 'ResourceTypeInfo',
  list: 'resourceTypes',
  path: '/resourceTypes',
  object: '/resourceTypes/{resourceTypeId}',
  id: 'resourceTypeId',
  attributes: [
    { name: 'resourceTypeId', kind: 'Id', cardinality: '1' },
    name,
    description,
    { name: 'vendor', kind: 'String', cardinality: '1' },
    { name: 'model', kind: 'String', cardinality: '1' },
    { name: 'version', kind: 'String', cardinality: '1' },
    { name: 'alarmDictionaryId', kind: 'Id', cardinality: '0..1', only: 'v2', unsettled: noDictionaries },
    { name: 'performanceDictionaryId', kind: 'Id', cardinality: '0..1', only: 'v2', unsettled: noDictionaries },
    { name: 'alarmDictionary', kind: 'AlarmDictionary', cardinality: '0..1', hidden: true, unsettled: noDictionaries },
    { name: 'resourceKind', kind: ['UNDEFINED', 'PHYSICAL', 'LOGICAL'], cardinality: '1' },
    { name: 'resourceClass', kind: ['UNDEFINED', 'COMPUTE', 'NETWORKING', 'STORAGE'], cardinality: '1' },
    extensions,
  ],
};

const resourcePoolInfo: GoldenType = {
  type: 'ResourcePoolInfo',
  list: 'resourcePools',
  path: '/resourcePools',
  object: '/resourcePools/{resourcePoolId}',
  id: 'resourcePoolId',
  attributes: [
    { name: 'resourcePoolId', kind: 'Id', cardinality: '1' },
    name,
    description,
    { name: 'oCloudSiteId', kind: 'Id', cardinality: '1', only: 'v2', names: 'oCloudSites' },
    oCloudId,
    globalLocationId,
    { name: 'location', kind: 'String', cardinality: '0..1', key: 'v1 all_fields' },
    extensions,
  ],
};

const resourceInfo: GoldenType = {
  type: 'ResourceInfo',
  list: 'resources',
  path: '/resourcePools/{resourcePoolId}/resources',
  object: '/resourcePools/{resourcePoolId}/resources/{resourceId}',
  id: 'resourceId',
  attributes: [
    { name: 'resourceId', kind: 'Id', cardinality: '1' },
    { name: 'resourcePoolId', kind: 'Id', cardinality: '1', names: 'resourcePools' },
    { name: 'resourceTypeId', kind: 'Id', cardinality: '1', names: 'resourceTypes' },
    { name: 'globalAssetId', kind: 'String', cardinality: '0..1', unsettled: 'conditionally mandatory' },
    description,
    {
      name: 'elements',
      kind: 'ResourceInfo[]',
      cardinality: '0..N',
      hidden: true,
      key: 'v1 all_fields',
      nullable: true,
    },
    { name: 'tags', kind: 'String[]', cardinality: '0..N' },
    { name: 'groups', kind: 'String[]', cardinality: '0..N' },
    extensions,
  ],
};

const deploymentManagerInfo: GoldenType = {
  type: 'DeploymentManagerInfo',
  list: 'deploymentManagers',
  path: '/deploymentManagers',
  object: '/deploymentManagers/{deploymentManagerId}',
  id: 'deploymentManagerId',
  attributes: [
    { name: 'deploymentManagerId', kind: 'Id', cardinality: '1' },
    name,
    description,
    oCloudId,
    { name: 'serviceUri', kind: 'Uri', cardinality: '1' },
    { name: 'supportedLocations', kind: 'String[]', cardinality: '1..N', names: 'locations' },
    { name: 'capabilities', kind: 'KeyValuePairs', cardinality: '0..N', key: 'always' },
    { name: 'capacity', kind: 'KeyValuePairs', cardinality: '0..N', key: 'always' },
    extensions,
  ],
};

const locationInfo: GoldenType = {
  type: 'LocationInfo',
  list: 'locations',
  path: '/locations',
  object: '/locations/{globalLocationId}',
  id: 'globalLocationId',
  attributes: [
    { name: 'globalLocationId', kind: 'String', cardinality: '1' },
    name,
    description,
    { name: 'oCloudSiteIds', kind: 'Id[]', cardinality: '0..N', names: 'oCloudSites' },
    { name: 'coordinate', kind: 'Point', cardinality: '0..N' },
    { name: 'civicAddress', kind: 'CivicAddress[]', cardinality: '0..N' },
    { name: 'address', kind: 'String', cardinality: '0..1' },
    extensions,
  ],
  oneOf: ['coordinate', 'civicAddress', 'address'],
};

const oCloudSiteInfo: GoldenType = {
  type: 'OCloudSiteInfo',
  list: 'oCloudSites',
  path: '/oCloudSites',
  object: '/oCloudSites/{oCloudSiteId}',
  id: 'oCloudSiteId',
  attributes: [
    { name: 'oCloudSiteId', kind: 'Id', cardinality: '1' },
    globalLocationId,
    name,
    description,
    { name: 'resourcePools', kind: 'Id[]', cardinality: '1..N', names: 'resourcePools' },
    extensions,
  ],
};

/** Every object type of the inventory, in both majors: v1 serves locations and sites too (1.3, "harmless"). */
export const types: readonly GoldenType[] = [
  cloudInfo,
  resourceTypeInfo,
  resourcePoolInfo,
  resourceInfo,
  deploymentManagerInfo,
  locationInfo,
  oCloudSiteInfo,
];

/** The types that have a collection. */
export const listed = types.flatMap((type) => (type.list === undefined ? [] : [{ ...type, list: type.list }]));

/** The table of one type as one major version has it. */
export function attributesOf(type: GoldenType, major: Major): readonly Attribute[] {
  return type.attributes.filter((attribute) => attribute.only === undefined || attribute.only === major);
}

/** A value with members of its own: what the `fields` selector chooses among (3.2). */
export function isComplex(attribute: Attribute): boolean {
  const complex: readonly Kind[] = ['KeyValuePairs', 'ResourceInfo[]', 'AlarmDictionary', 'Point', 'CivicAddress[]'];
  return complex.includes(attribute.kind);
}

/** Lower cardinality 1: never to be left out (3.2). */
export function isMandatory(attribute: Attribute): boolean {
  return attribute.cardinality.startsWith('1');
}
