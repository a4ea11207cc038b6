/** Attribute selectors (3.2): what each combination does to each attribute, and which are refused. */

import { attributesOf, isComplex, isMandatory, type Attribute, type GoldenType, type Major } from './attributes.js';

/** What becomes of an attribute of the `all_fields` answer; `open` where the contract does not say. */
type Fate = 'kept' | 'dropped' | 'open';

export interface Selection {
  readonly query: string;
  readonly effect: string;
  fate(attribute: Attribute): Fate;
}

const byDefault = (attribute: Attribute): Fate => (attribute.hidden ? 'dropped' : 'kept');

/** For every type: no selector is `exclude_default` (3.2); `all_fields` may be bare, empty or true (1.9). */
const general: readonly Selection[] = [
  { query: '', effect: 'all but the default-excluded', fate: byDefault },
  { query: 'exclude_default', effect: 'all but the default-excluded', fate: byDefault },
  { query: 'all_fields', effect: 'everything', fate: () => 'kept' },
  { query: 'all_fields=', effect: 'everything', fate: () => 'kept' },
  { query: 'all_fields=true', effect: 'everything', fate: () => 'kept' },
];

/** `fields`: the mandatory and the simple ones, and of the complex ones those that are listed. */
function fieldsOf(names: readonly string[], written = names.join(',')): Selection {
  return {
    query: `fields=${written}`,
    effect: `mandatory and simple ones, and ${names.join(', ')}`,
    fate(attribute) {
      if (isMandatory(attribute) || names.includes(attribute.name)) return 'kept';
      if (isComplex(attribute)) return 'dropped';
      // Whether an array of strings is "simple" is not said.
      return attribute.kind === 'String[]' || attribute.kind === 'Id[]' ? 'open' : 'kept';
    },
  };
}

/** `fields` with `exclude_default`: legal; the contract tells the effect of each alone only. */
function fieldsAndDefault(name: string): Selection {
  return {
    query: `fields=${name}&exclude_default`,
    effect: 'mandatory ones, and no default-excluded one that is not listed',
    fate(attribute) {
      if (isMandatory(attribute)) return 'kept';
      return attribute.hidden && attribute.name !== name ? 'dropped' : 'open';
    },
  };
}

/** `exclude_fields`: everything except the listed, so the default-excluded ones come too. */
function without(names: readonly string[]): Selection {
  return {
    query: `exclude_fields=${names.join(',')}`,
    effect: `everything except ${names.join(', ')}`,
    fate: (attribute) => (names.includes(attribute.name) ? 'dropped' : 'kept'),
  };
}

/** Every legal selection of one type in one major version. */
export function selectionsOf(type: GoldenType, major: Major): Selection[] {
  const settled = attributesOf(type, major).filter((attribute) => attribute.unsettled === undefined);
  const optional = settled.filter((attribute) => !isMandatory(attribute)).map((attribute) => attribute.name);
  const complex = settled.filter((attribute) => isComplex(attribute)).map((attribute) => attribute.name);
  return [
    ...general,
    fieldsOf(['description']),
    fieldsOf(['description'], '(description)'),
    ...complex.map((name) => fieldsOf([name])),
    fieldsOf([...complex, 'description'], `(${[...complex, 'description'].join(',')})`),
    fieldsAndDefault('description'),
    fieldsAndDefault('extensions'),
    ...optional.map((name) => without([name])),
    without(optional),
  ];
}

interface SelectorFault {
  readonly clause: string;
  readonly why: string;
  readonly query: string;
}

/** 400 for every type: each name here is one that every type has, or that none has. */
export const refused: readonly SelectorFault[] = [
  { clause: '§3.2', why: 'all_fields + fields', query: 'all_fields&fields=extensions' },
  { clause: '§3.2', why: 'all_fields + exclude_fields', query: 'all_fields&exclude_fields=extensions' },
  { clause: '§3.2', why: 'all_fields + exclude_default', query: 'all_fields&exclude_default' },
  { clause: '§3.2', why: 'all_fields=true + fields', query: 'all_fields=true&fields=extensions' },
  { clause: '§3.2', why: 'fields + exclude_fields', query: 'fields=description&exclude_fields=extensions' },
  { clause: '§3.2', why: 'exclude_fields + exclude_default', query: 'exclude_fields=extensions&exclude_default' },
  {
    clause: '§3.2',
    why: 'fields + exclude_fields + exclude_default',
    query: 'fields=description&exclude_fields=extensions&exclude_default',
  },
  { clause: '§3.2', why: 'an unknown name in fields', query: 'fields=WrongAttrName' },
  { clause: '§3.2', why: 'an unknown name beside a known one', query: 'fields=description,WrongAttrName' },
  { clause: '§3.2', why: 'the suite’s junk list', query: 'fields=(X,WrongAttrName)' },
  { clause: '§3.2', why: 'an unknown name in parentheses', query: 'fields=(description,WrongAttrName)' },
  { clause: '§3.2', why: 'an unknown name in exclude_fields', query: 'exclude_fields=WrongAttrName' },
  { clause: '§3.2', why: 'an unknown name after a known one', query: 'exclude_fields=extensions,WrongAttrName' },
  { clause: '§3.2', why: 'a mandatory name beside an optional one', query: 'exclude_fields=extensions,description' },
];

/** 400 for one type: leaving out a mandatory attribute, or naming one of the other major or of another type. */
export function refusedOf(type: GoldenType, major: Major): SelectorFault[] {
  const known = attributesOf(type, major).map((attribute) => attribute.name);
  const mandatory = attributesOf(type, major).filter((attribute) => isMandatory(attribute));
  const elsewhere = [...type.attributes.map((attribute) => attribute.name), 'alarmEventRecordId', 'callback'];
  const unknown = elsewhere.filter((name) => !known.includes(name));
  return [
    ...mandatory.map(({ name }) => ({
      clause: '§3.2',
      why: `mandatory ${name} left out`,
      query: `exclude_fields=${name}`,
    })),
    ...unknown.map((name) => ({ clause: '§3.2', why: `unknown ${name} listed`, query: `fields=${name}` })),
  ];
}

/** What the suites and the RH client look for, word for word (3.2, "Suite traps"). */
export const traps: readonly {
  readonly path: string;
  readonly query: string;
  readonly has: readonly string[];
  readonly lacks: readonly string[];
}[] = [
  { path: '/resourceTypes', query: 'fields=extensions', has: ['resourceTypeId', 'name'], lacks: [] },
  {
    path: '/resourceTypes',
    query: 'exclude_fields=extensions',
    has: ['name', 'resourceTypeId', 'vendor', 'model'],
    lacks: ['extensions'],
  },
  { path: '/deploymentManagers', query: '', has: ['capabilities', 'capacity', 'supportedLocations'], lacks: [] },
  {
    path: '/deploymentManagers',
    query: 'exclude_fields=extensions,capacity,capabilities',
    has: ['deploymentManagerId', 'name', 'description', 'oCloudId', 'serviceUri', 'supportedLocations'],
    lacks: ['extensions', 'capacity', 'capabilities'],
  },
  {
    path: '/resourcePools',
    query: 'fields=name',
    has: ['resourcePoolId', 'name', 'description', 'oCloudId', 'globalLocationId'],
    lacks: ['extensions'],
  },
];
