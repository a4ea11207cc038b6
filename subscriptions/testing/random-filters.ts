import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { operators, type Condition, type Operator } from '#schema/filter/ast.js';
import { printFilter } from '#schema/filter/testing/print.js';
import type { ObjectName } from '#schema/objects.js';
import type { ToldEvent } from '../log/told-event.js';
import { reportedKinds } from '../matcher/event.js';
import { told } from './events.js';

/** Few words, so that filters find something; one is a UUID in both its spellings. */
const uuid = '3f20d850-af4f-a84f-fb5a-0ad585410361';
const word = fc.constantFrom('p1', 'p2', 'edge', 'core', '', uuid, uuid.toUpperCase());
const optional = (arbitrary: fc.Arbitrary<unknown>) => fc.option(arbitrary, { nil: undefined });
const words = fc.array(word, { maxLength: 3 });
const map = optional(fc.dictionary(fc.constantFrom('rack', 'cpu'), fc.oneof(word, fc.nat(3), fc.boolean(), words)));

function valueOf(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Value> {
  return fc.record(shape).map((value) => JSON.parse(JSON.stringify(value)) as Value);
}

const resource = {
  resourceId: word,
  resourcePoolId: optional(word),
  resourceTypeId: word,
  globalAssetId: optional(word),
  description: word,
  tags: words,
  groups: optional(words),
  extensions: map,
};

/** Objects as incomplete as a stored one of another release may be. */
export const values: Readonly<Partial<Record<ObjectName, fc.Arbitrary<Value>>>> = {
  Resource: valueOf({
    ...resource,
    elements: fc.array(valueOf({ ...resource, elements: fc.constant([]) }), { maxLength: 2 }),
  }),
  ResourcePool: valueOf({ resourcePoolId: word, name: optional(word), oCloudSiteId: word, extensions: map }),
  ResourceType: valueOf({
    resourceTypeId: word,
    name: word,
    vendor: optional(word),
    resourceKind: fc.constantFrom('PHYSICAL', 'LOGICAL'),
  }),
  OCloudSite: valueOf({ oCloudSiteId: word, globalLocationId: word, name: word, resourcePools: fc.constant([]) }),
  DeploymentManager: valueOf({ deploymentManagerId: word, name: word, supportedLocations: words }),
};

const someObject = fc.constantFrom(...(Object.keys(values) as ObjectName[]));

const single: ReadonlySet<Operator> = new Set<Operator>(['eq', 'neq', 'gt', 'lt', 'gte', 'lte']);

function on(
  path: string,
  value: fc.Arbitrary<string>,
  allowed: readonly Operator[] = operators,
): fc.Arbitrary<Condition> {
  const names = path.split('/');
  return fc
    .record({ operator: fc.constantFrom(...allowed), values: fc.array(value, { minLength: 1, maxLength: 3 }) })
    .map(({ operator, values: several }) => ({
      operator,
      path: names.filter((name) => name !== '@key'),
      ...(names.includes('@key') && { keys: true }),
      values: single.has(operator) ? several.slice(0, 1) : several,
    }));
}

const equality = ['eq', 'neq', 'in', 'nin'] as const;
const indexed = ['resourceId', 'resourcePoolId', 'resourceTypeId', 'globalAssetId', 'tags', 'groups'];

/** Conditions on what resources have. */
export const onResource: fc.Arbitrary<Condition> = fc.oneof(
  ...indexed.map((path) => on(path, word, equality)),
  ...[...indexed, 'description', 'elements/tags', 'elements/globalAssetId', 'extensions/cpu', 'extensions/@key'].map(
    (path) => on(path, word),
  ),
);

/** Conditions on whatever an event has. */
const onEvent: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: onResource },
  { weight: 2, arbitrary: fc.oneof(on('name', word), on('vendor', word), on('oCloudSiteId', word, equality)) },
  on('resourceKind', fc.constantFrom('PHYSICAL', 'LOGICAL'), equality),
  on('objectType', fc.constantFrom('ResourceInfo', 'ResourcePoolInfo', 'ResourceTypeInfo', 'LocationInfo')),
  on('notificationEventType', fc.constantFrom('0', '1', '2', 'CREATE', 'DELETE'), equality),
);

/** A filter in the bracket form, empty now and then. */
export const filterText: fc.Arbitrary<string> = fc
  .array(fc.array(onEvent, { minLength: 1, maxLength: 3 }), { maxLength: 3 })
  .map((groups) => (groups.length === 0 ? '' : `[${groups.map(printFilter).join(' | ')}]`));

const tenant = fc.constantFrom(null, 'red', 'green');

export const someEvent: fc.Arbitrary<ToldEvent> = someObject.chain((object) =>
  fc
    .record({ kind: fc.constantFrom(...reportedKinds), before: values[object]!, after: values[object]!, tenant })
    .map((event) => told({ object, ...event })),
);
