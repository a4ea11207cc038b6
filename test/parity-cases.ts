import type { Code } from '#schema/errors.js';
import type { Operation } from '#src/operations/operation.js';
import type { Input, Value } from './facade-calls.js';
import { nowhere } from './gateway-under-test.js';

/** Ids of objects that stand for a kind of object, by name. */
export interface Known {
  readonly pool: string;
  readonly type: string;
  readonly resource: string;
  readonly element: string;
  readonly name: string;
  readonly node: string;
  readonly nodePool: string;
  readonly nodeType: string;
  /** The first object of a list, by id and, where it has one, by parent. */
  readonly first: (operation: Operation) => Input;
}

export interface Case {
  readonly title: string;
  readonly as?: string;
  readonly code: Code | 'OK';
  /** True for what the gate refuses before it could run: there is no intent to audit. */
  readonly atTheDoor?: true;
  input(known: Known, operation: Operation): Input;
}

const long = 'x'.repeat(256);
const forbidden = (input: Case['input']): Case[] =>
  ['outsider', 'reader'].map((as) => ({ title: `the ${as} may not`, as, code: 'FORBIDDEN', atTheDoor: true, input }));
const invalid = (title: string, input: Case['input']): Case => ({ title, code: 'INVALID', atTheDoor: true, input });
const unsupported = (title: string, input: Case['input']): Case => ({ title, code: 'UNSUPPORTED', input });
const notFound = (input: Case['input']): Case => ({ title: 'nothing has the id', code: 'NOT_FOUND', input });
const shared = (input: Case['input']): Case => ({
  title: 'a tenant, of what is shared',
  as: 'tenant-a',
  code: 'FORBIDDEN',
  input,
});

/** Every list and every object by id. */
export const reads: Readonly<Record<'list' | 'get', readonly Case[]>> = {
  list: [
    { title: 'everything', code: 'OK', input: under },
    { title: 'what a tenant sees', as: 'tenant-a', code: 'OK', input: under },
    { title: 'what a reader sees', as: 'reader', code: 'OK', input: under },
    {
      title: 'a filter',
      code: 'OK',
      input: (known, of) => ({ ...under(known, of), filter: `(cont,${textOf(of)},er,in);(neq,${textOf(of)},x)` }),
    },
    { title: 'nothing', code: 'OK', input: (known, of) => ({ ...under(known, of), filter: `(eq,${textOf(of)},x)` }) },
    { title: 'short pages', code: 'OK', input: () => ({ first: 7 }) },
    {
      title: 'another order',
      code: 'OK',
      input: (_, of) => ({ first: 40, orderBy: { attribute: textOf(of), descending: true } }),
    },
    invalid('a filter that is none', (known, of) => ({ ...under(known, of), filter: '(eq,x' })),
    invalid('a filter on nothing', (known, of) => ({ ...under(known, of), filter: '(eq,nothing,x)' })),
    invalid('a marker that is none', (known, of) => ({ ...under(known, of), after: 'bm8gbWFya2VyIG9mIG91cnM' })),
    invalid('no objects at all', () => ({ first: 0 })),
    invalid('an order by nothing', () => ({ orderBy: { attribute: 'colour', descending: false } })),
    { title: 'the outsider may not', as: 'outsider', code: 'FORBIDDEN', input: under },
  ],
  get: [
    { title: 'the first', code: 'OK', input: itself },
    { title: 'the first, for a reader', as: 'reader', code: 'OK', input: itself },
    { title: 'the outsider may not', as: 'outsider', code: 'FORBIDDEN', input: itself },
  ],
};
/** Only for objects that have an id in their request. */
export const byId: readonly Case[] = [
  notFound((known, of) => ({ id: nowhere, ...under(known, of) })),
  invalid('an id that is too long', (known, of) => ({ id: long, ...under(known, of) })),
];

/** A text that every object of its kind has. */
function textOf({ object }: Operation): string {
  return object.owned ? 'callback' : 'description';
}

const elsewhere = 'http://127.0.0.1:9/in/parity';
const ofSubscription = (more: object = {}): Case[] => [
  ...forbidden(() => ({ id: nowhere, ...more })),
  notFound(() => ({ id: nowhere, ...more })),
  invalid('an id that is too long', () => ({ id: long, ...more })),
];
const askedOfSubscription: readonly Case[] = [
  { title: 'the first', code: 'OK', input: itself },
  {
    title: 'the outsider may not',
    as: 'outsider',
    code: 'FORBIDDEN',
    input: () => ({ id: nowhere }),
  },
  notFound(() => ({ id: nowhere })),
  { title: 'a tenant, of what is not its own', as: 'tenant-a', code: 'NOT_FOUND', input: itself },
];

/** Of no gateway. */
const elsewhereMade = { format: 1, version: '0', oCloudId: nowhere, schemas: {}, key: '' };

/** What operations of their own answer; what they change is compared by tests of their own. */
export const others: Readonly<Record<string, readonly Case[]>> = {
  'inventorySubscriptions.create': [
    ...forbidden(() => ({ value: { callback: elsewhere } })),
    invalid('an identifier that is too long', () => ({ value: { callback: elsewhere, consumerSubscriptionId: long } })),
    { title: 'a callback that is none', code: 'INVALID', input: () => ({ value: { callback: 'not a url' } }) },
    {
      title: 'a callback that nobody may have',
      code: 'UNPROCESSABLE',
      input: () => ({ value: { callback: 'https://169.254.169.254/latest' } }),
    },
    {
      title: 'a filter that is none',
      code: 'INVALID',
      input: () => ({ value: { callback: elsewhere, filter: '(eq,name' } }),
    },
    { title: 'one that is there', code: 'CONFLICT', input: () => ({ value: { callback: subscribed } }) },
  ],
  'inventorySubscriptions.update': [
    ...ofSubscription({ patch: { filter: '(eq,name,x)' } }),
    invalid('an identifier that is too long', (known, of) => ({
      ...itself(known, of),
      patch: { consumerSubscriptionId: long },
    })),
  ],
  'inventorySubscriptions.delete': ofSubscription(),
  'inventorySubscriptions.pause': ofSubscription(),
  'inventorySubscriptions.resume': ofSubscription(),
  'inventorySubscriptions.test': ofSubscription(),
  'inventorySubscriptions.rotateSecret': ofSubscription(),
  'inventorySubscriptions.replay': [
    ...ofSubscription({ allDeadLetters: true }),
    {
      title: 'nothing',
      code: 'INVALID',
      input: (known, of) => itself(known, of),
    },
  ],
  'inventorySubscriptions.delivery': askedOfSubscription,
  'inventorySubscriptions.deadLetters': askedOfSubscription,
  'audit.read': [
    invalid('a page of nothing', () => ({ first: 0 })),
    invalid('a marker that is none', () => ({ after: 'bm8gbWFya2VyIG9mIG91cnM' })),
    { title: 'a page', code: 'OK', input: () => ({ first: 3 }) },
    { title: 'an operator of a tenant may not', as: 'tenant-a', code: 'FORBIDDEN', input: () => ({}) },
    { title: 'the outsider may not', as: 'outsider', code: 'FORBIDDEN', input: () => ({}) },
  ],
  'backup.read': [
    // Behind nobody, and of one backup: each that is begun has a name of its own.
    { title: 'everything', code: 'OK', input: () => ({ after: '0//parity' }) },
    invalid('a page of nothing', () => ({ first: 0 })),
    { title: 'a reader may not', as: 'reader', code: 'FORBIDDEN', atTheDoor: true, input: () => ({}) },
  ],
  'backup.restore': [
    ...forbidden(() => ({ header: elsewhereMade, lines: [] })),
    { title: 'of another O-Cloud', code: 'INVALID', input: () => ({ header: elsewhereMade, lines: [] }) },
    invalid('of no format', () => ({ header: { ...elsewhereMade, format: 0 }, lines: [] })),
  ],
};

/** Of the subscription that the parity gateway begins with. */
export const subscribed = 'http://127.0.0.1:9/taken/in/parity/per/er';

/** What each mutation refuses. What it does is compared by its own test. */
export const writes: Readonly<Record<string, readonly Case[]>> = {
  'resourcePools.create': [
    ...forbidden(() => ({ value: pool('forbidden') })),
    invalid('a name that is too long', () => ({ value: pool(long) })),
    {
      title: 'a site that is not there',
      code: 'UNPROCESSABLE',
      input: () => ({ value: { ...pool('x'), oCloudSiteId: nowhere } }),
    },
    { title: 'a name that is taken', code: 'CONFLICT', input: ({ name }) => ({ value: pool(name) }) },
  ],
  'resourcePools.update': [
    ...forbidden((known) => ({ id: known.pool, patch: { name: 'x' } })),
    notFound(() => ({ id: nowhere, patch: { name: 'x' } })),
    invalid('a name that is too long', (known) => ({ id: known.pool, patch: { name: long } })),
    unsupported('a pool of Kubernetes', (known) => ({ id: known.nodePool, patch: { name: 'x' } })),
    shared((known) => ({ id: known.pool, patch: { name: 'x' } })),
    {
      title: 'an extension of the backend',
      code: 'UNPROCESSABLE',
      input: (known) => ({ id: known.pool, patch: { extensions: { tier: 'none' } } }),
    },
  ],
  'resourcePools.scale': [
    ...forbidden((known) => ({ id: known.pool, size: 1 })),
    notFound(() => ({ id: nowhere, size: 1 })),
    invalid('less than nothing', (known) => ({ id: known.pool, size: -1 })),
    unsupported('a pool of Kubernetes', (known) => ({ id: known.nodePool, size: 1 })),
    shared((known) => ({ id: known.pool, size: 1 })),
  ],
  'resourcePools.delete': [
    ...forbidden((known) => ({ id: known.pool })),
    notFound(() => ({ id: nowhere })),
    invalid('an id that is too long', () => ({ id: long })),
    unsupported('a pool of Kubernetes', (known) => ({ id: known.nodePool })),
    shared((known) => ({ id: known.pool })),
    { title: 'a pool that is not empty', code: 'CONFLICT', input: (known) => ({ id: known.pool }) },
  ],
  'resources.create': [
    ...forbidden((known) => ({ value: resource(known, known.pool) })),
    invalid('a tag that is too long', (known) => ({ value: { ...resource(known, known.pool), tags: [long] } })),
    {
      title: 'a pool that is not there',
      code: 'UNPROCESSABLE',
      input: (known) => ({ value: resource(known, nowhere) }),
    },
    unsupported('in a pool of Kubernetes', (known) => ({
      value: { ...resource(known, known.nodePool), resourceTypeId: known.nodeType },
    })),
    {
      title: 'of a type of another backend',
      code: 'INVALID',
      input: (known) => ({ value: resource(known, known.nodePool) }),
    },
  ],
  'resources.update': [
    ...forbidden((known) => ({ id: known.resource, patch: { description: 'x' } })),
    notFound(() => ({ id: nowhere, patch: { description: 'x' } })),
    invalid('a tag that is too long', (known) => ({ id: known.resource, patch: { tags: [long] } })),
    unsupported('a part of a resource', (known) => ({ id: known.element, patch: { description: 'x' } })),
    shared((known) => ({ id: known.resource, patch: { description: 'x' } })),
    {
      title: 'another type',
      code: 'UNPROCESSABLE',
      input: (known) => ({ id: known.node, patch: { resourceTypeId: nowhere } }),
    },
  ],
  'resources.delete': [
    ...forbidden((known) => ({ id: known.resource })),
    notFound(() => ({ id: nowhere })),
    invalid('an id that is too long', () => ({ id: long })),
    unsupported('a node of Kubernetes', (known) => ({ id: known.node })),
    unsupported('a part of a resource', (known) => ({ id: known.element })),
    shared((known) => ({ id: known.resource })),
  ],
};

function itself({ first }: Known, operation: Operation): Input {
  return operation.object.singleton ? {} : first(operation);
}

function under({ pool }: Known, { object }: Operation): Input {
  return object.parent === undefined ? {} : { parent: pool };
}

export function pool(name: string): Value {
  return { name, description: 'of the parity suite' };
}

export function resource({ type }: Known, resourcePoolId: string): Value {
  return { resourcePoolId, resourceTypeId: type, description: 'of the parity suite' };
}
