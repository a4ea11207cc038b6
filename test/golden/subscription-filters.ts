/** What filters of subscriptions report, written by hand from the contract, clause 2.7 (and 3.1 for the operators). */

type Row = Readonly<Record<string, unknown>>;

/** A change of the inventory; 0 CREATE, 1 MODIFY, 2 DELETE (2.1). */
export interface GoldenChange {
  readonly type: string;
  readonly event: 0 | 1 | 2;
  readonly prior?: Row;
  readonly post?: Row;
}

const server = {
  resourceId: 'r1',
  resourcePoolId: 'p1',
  resourceTypeId: 't1',
  description: 'a server',
  tags: ['edge', 'gpu'],
};
const bare = { resourceId: 'r2', resourcePoolId: 'p2', resourceTypeId: 't1', description: '', tags: [] };
const pool = {
  resourcePoolId: 'p1',
  name: 'x',
  description: 'racks',
  oCloudSiteId: 's1',
  oCloudId: 'c',
  globalLocationId: 'g',
};
const type = { resourceTypeId: 't1', name: 'x', vendor: 'Dell', resourceKind: 'PHYSICAL', resourceClass: 'COMPUTE' };

export const changes = {
  created: { type: 'ResourceInfo', event: 0, post: server },
  modified: {
    type: 'ResourceInfo',
    event: 1,
    prior: server,
    post: { ...server, resourcePoolId: 'p2', tags: ['core'] },
  },
  deleted: { type: 'ResourceInfo', event: 2, prior: server },
  bare: { type: 'ResourceInfo', event: 0, post: bare },
  pool: { type: 'ResourcePoolInfo', event: 0, post: pool },
  type: { type: 'ResourceTypeInfo', event: 1, prior: type, post: { ...type, vendor: 'HPE' } },
  location: { type: 'LocationInfo', event: 2, prior: { globalLocationId: 'g', name: 'y' } },
} as const satisfies Readonly<Record<string, GoldenChange>>;

export type ChangeName = keyof typeof changes;
const all = Object.keys(changes) as readonly ChangeName[];
const but = (...left: readonly ChangeName[]): readonly ChangeName[] => all.filter((name) => !left.includes(name));

export interface FilterCase {
  readonly why: string;
  readonly filter: string;
  /** The opt-in extension; without it the criteria name what need not be reported. */
  readonly include?: true;
  readonly reported: readonly ChangeName[];
}

export const filterCases: readonly FilterCase[] = [
  { why: 'the empty string is no filter', filter: '', reported: all },
  { why: 'the empty string is no filter in the opposite sense either', filter: '', include: true, reported: all },
  {
    why: 'criteria name what need not be reported',
    filter: '(eq,objectType,ResourceInfo)',
    reported: ['pool', 'type', 'location'],
  },
  {
    why: 'the opposite sense',
    filter: '(eq,objectType,ResourceInfo)',
    include: true,
    reported: ['created', 'modified', 'deleted', 'bare'],
  },
  { why: 'event types are numbers', filter: '(eq,notificationEventType,2)', reported: but('deleted', 'location') },
  { why: 'event types by name', filter: '(in,notificationEventType,CREATE,MODIFY)', reported: ['deleted', 'location'] },
  { why: 'event types have an order', filter: '(gt,notificationEventType,0)', reported: ['created', 'bare', 'pool'] },
  {
    why: '; is AND: only what all criteria name is left out',
    filter: '(eq,objectType,ResourceInfo);(eq,notificationEventType,0)',
    reported: but('created', 'bare'),
  },
  {
    why: 'attributes are those of the post state, of the prior state on a deletion',
    filter: '(eq,resourcePoolId,p1)',
    reported: ['modified', 'bare', 'type', 'location'],
  },
  { why: 'only what is in one pool', filter: '(neq,resourcePoolId,p1)', reported: ['created', 'deleted', 'pool'] },
  {
    why: 'only what is in one pool, in the opposite sense',
    filter: '(eq,resourcePoolId,p1)',
    include: true,
    reported: ['created', 'deleted', 'pool'],
  },
  { why: 'a type without the attribute is not excluded', filter: '(eq,name,x)', reported: but('pool', 'type') },
  { why: 'negative operators hold of what is absent', filter: '(neq,name,x)', reported: ['pool', 'type'] },
  {
    why: 'objectType confines a negative operator',
    filter: '(eq,objectType,ResourcePoolInfo);(neq,name,y)',
    reported: but('pool'),
  },
  {
    why: 'a list is excluded if one of its elements is named',
    filter: '(eq,tags,edge)',
    reported: but('created', 'deleted'),
  },
  {
    why: 'a list is excluded by neq if one of its elements is another, or if it is empty',
    filter: '(eq,objectType,ResourceInfo);(neq,tags,core)',
    reported: ['modified', 'pool', 'type', 'location'],
  },
  { why: 'the post state of a type', filter: '(eq,vendor,HPE)', reported: but('type') },
  { why: 'not the prior state of a type', filter: '(eq,vendor,Dell)', reported: all },
  {
    why: 'brackets and | are OR between groups',
    filter: '[(eq,objectType,ResourceInfo);(eq,resourcePoolId,p1) | (eq,objectType,ResourceTypeInfo)]',
    reported: ['modified', 'bare', 'pool', 'location'],
  },
  {
    why: 'brackets and | in the opposite sense',
    filter: '[(eq,objectType,ResourceInfo);(eq,resourcePoolId,p1)|(eq,objectType,ResourceTypeInfo)]',
    include: true,
    reported: ['created', 'deleted', 'type'],
  },
  { why: 'brackets around one group', filter: '[(cont,description,rack)]', reported: but('pool') },
];

/** Refused at creation, with the place of the fault. */
export const refusedFilters: readonly (readonly [filter: string, position: number])[] = [
  ['(foo,name,x)', 1],
  ['garbage', 0],
  ['(eq,name)', 8],
  ['(eq,WrongAttrName,x)', 4],
  ['(eq,objectType,ResourceInfo);(eq,WrongAttrName,x)', 33],
  ['[(eq,name,x) | (eq,WrongAttrName,x)]', 19],
  ["(eq,name,'x)", 9],
  ['(eq,name,x);;(eq,name,y)', 12],
  ['[(eq,name,x) | ]', 15],
  ['(eq,objectType,NoSuchInfo)', 15],
  ['(eq,notificationEventType,7)', 26],
];
