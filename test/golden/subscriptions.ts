/** Subscriptions of the inventory and what is notified, written by hand from the contract (1.2, 1.3, 1.9, 2.1, 2.5 to 2.7, 4). */

import { types, type Major } from './attributes.js';
import type { Row } from './client.js';
import { isObject } from './kinds.js';
import { spellings } from './routes.js';

/** InventorySubscriptionInfo (1.3). */
export const subscriptionAttributes: readonly string[] = [
  'subscriptionId',
  'consumerSubscriptionId',
  'filter',
  'callback',
];

/** Where the majors differ (1.9, 2.5). */
export const statuses = {
  deleted: { v1: 200, v2: 204 },
  duplicate: { v1: 400, v2: 409 },
  unusable: { v1: 400, v2: 422 },
} as const satisfies Readonly<Record<string, Readonly<Record<Major, number>>>>;

/** Identifiers of consumers; a UUID is kept in the case in which it came (1.9). */
export const upperCaseUuid = 'C0FFEE00-0D5A-4C2E-9F64-0C4D1C6A7E11';
export const inEveryCase = [upperCaseUuid, upperCaseUuid.toLowerCase(), 'c0ffee00-0d5a-4C2E-9F64-0c4d1c6a7e11'];
export const noUuid = 'SMO-North/7';

interface RefusedBody {
  readonly clause: string;
  readonly why: string;
  /** A text is sent as it is, everything else as JSON; CALLBACK becomes a callback that works. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly status: Readonly<Record<Major, readonly number[]>>;
}

const invalid = { v1: [400], v2: [400] };
const notSupported = { v1: [415], v2: [415] };
/** No URL at all: whether that is a wrong shape or an unusable callback is not said. */
const noUrl = { v1: [400], v2: [400, 422] };
const unusable = { v1: [statuses.unusable.v1], v2: [statuses.unusable.v2] };
const xml = '<subscription><callback>CALLBACK</callback></subscription>';

export const refusedBodies: readonly RefusedBody[] = [
  { clause: '§4', why: 'an object without callback', body: {}, status: invalid },
  {
    clause: '§4',
    why: 'everything but a callback',
    body: { consumerSubscriptionId: 'a', filter: '' },
    status: invalid,
  },
  { clause: '§4', why: 'null as callback', body: { callback: null }, status: invalid },
  { clause: '§4', why: 'a number as callback', body: { callback: 7 }, status: invalid },
  { clause: '§4', why: 'a list as callback', body: { callback: ['CALLBACK'] }, status: invalid },
  { clause: '§4', why: 'an empty callback', body: { callback: '' }, status: noUrl },
  { clause: '§1.9', why: 'a callback that is no URI', body: { callback: 'not a url' }, status: noUrl },
  { clause: '§1.9', why: 'a relative callback', body: { callback: '/notify' }, status: noUrl },
  { clause: '§1.9', why: 'a callback that is not HTTP', body: { callback: 'ftp://127.0.0.1/' }, status: noUrl },
  {
    clause: '§1.9',
    why: 'http to a host that is not allowed',
    body: { callback: 'http://192.0.2.1/' },
    status: unusable,
  },
  { clause: '§2.5', why: 'a link-local callback', body: { callback: 'http://169.254.169.254/' }, status: unusable },
  {
    clause: '§2.5',
    why: 'a callback where nobody listens',
    body: { callback: 'http://127.0.0.1:1/' },
    status: unusable,
  },
  { clause: '§4', why: 'a number as filter', body: { callback: 'CALLBACK', filter: 7 }, status: invalid },
  {
    clause: '§4',
    why: 'a number as consumerSubscriptionId',
    body: { callback: 'CALLBACK', consumerSubscriptionId: 7 },
    status: invalid,
  },
  { clause: '§4', why: 'a list', body: [{ callback: 'CALLBACK' }], status: invalid },
  { clause: '§4', why: 'a string', body: '"CALLBACK"', status: invalid },
  { clause: '§4', why: 'null', body: 'null', status: invalid },
  { clause: '§4', why: 'no body', body: '', status: invalid },
  { clause: '§1.9', why: 'junk JSON', body: '{"callback": "CALLBACK"', status: invalid },
  { clause: '§1.9', why: 'words', body: 'this is no JSON', status: invalid },
  { clause: '§1.9', why: 'XML sent as JSON', body: xml, status: invalid },
  { clause: '§1.9', why: 'XML', body: xml, contentType: 'application/xml', status: notSupported },
  { clause: '§4', why: 'XML as text', body: xml, contentType: 'text/xml', status: notSupported },
  { clause: '§4', why: 'a form', body: 'a=b', contentType: 'application/x-www-form-urlencoded', status: notSupported },
  { clause: '§4', why: 'JSON as text', body: '{}', contentType: 'text/plain', status: notSupported },
];

/** A duplicate has the same callback, filter, consumerSubscriptionId and API in one major (1.9); all else is another one. */
export const original = { filter: '(eq,objectType,ResourceInfo)', consumerSubscriptionId: 'duplicate' };
interface Again {
  readonly why: string;
  readonly change: Row;
  readonly other?: 'callback' | 'spelling' | 'major';
}
export const duplicates: readonly Again[] = [
  { why: 'the same', change: {} },
  { why: 'the same under the other spelling (0.1)', change: {}, other: 'spelling' },
  { why: 'the same with a subscriptionId, which is ignored', change: { subscriptionId: upperCaseUuid } },
];
export const distinct: readonly Again[] = [
  { why: 'another callback', change: {}, other: 'callback' },
  { why: 'another filter', change: { filter: '(eq,objectType,ResourcePoolInfo)' } },
  { why: 'no filter', change: { filter: undefined } },
  { why: 'another consumerSubscriptionId', change: { consumerSubscriptionId: 'another' } },
  { why: 'another case of what is no UUID', change: { consumerSubscriptionId: 'DUPLICATE' } },
  { why: 'no consumerSubscriptionId', change: { consumerSubscriptionId: undefined } },
  { why: 'another major', change: {}, other: 'major' },
];

/** What the receiver answers to GET, where only 204 makes a subscription (2.5); a redirect would lead to a 204 on another host. */
export const failedVerifications = [200, 202, 302, 307, 404, 410, 500] as const;

/** Methods of 1.3; all others are 405 with Allow (1.2). */
export const methods = [
  { path: '/subscriptions', refused: ['PUT', 'PATCH', 'DELETE'], allow: ['GET', 'HEAD', 'OPTIONS', 'POST'] },
  { path: '/subscriptions/{id}', refused: ['PUT', 'PATCH', 'POST'], allow: ['DELETE', 'GET', 'HEAD', 'OPTIONS'] },
] as const;

/** Paths that are 404 whatever is asked of them (4): below `/{apiName}`. */
export const wrongPaths = [
  '/v3/subscriptions',
  '/v0/subscriptions',
  '/subscriptions',
  '/latest/subscriptions',
] as const;
/** The same below `/{apiName}/{major}`. */
export const unknownPaths = [
  '/subscriptions/00000000-0000-4000-8000-000000000000',
  '/subscriptions/no-such-subscription',
  '/subscriptions/{id}/nothing',
  '/Subscriptions',
] as const;

/** Selectors on a list and on a single subscription (1.2, 3.2): callback and subscriptionId are mandatory. */
export const selections = [
  { query: 'all_fields', has: ['subscriptionId', 'consumerSubscriptionId', 'filter', 'callback'], lacks: [] },
  { query: 'exclude_fields=filter', has: ['subscriptionId', 'consumerSubscriptionId', 'callback'], lacks: ['filter'] },
  {
    query: 'exclude_fields=filter,consumerSubscriptionId',
    has: ['subscriptionId', 'callback'],
    lacks: ['filter', 'consumerSubscriptionId'],
  },
  { query: 'fields=filter', has: ['subscriptionId', 'callback', 'filter'], lacks: [] },
] as const;
export const refusedQueries = [
  'fields=WrongAttrName',
  'exclude_fields=WrongAttrName',
  'exclude_fields=callback',
  'all_fields&fields=callback',
] as const;
export const refusedListQueries = [
  'filter=garbage',
  'filter=(eq,WrongAttrName,x)',
  'nextpage_opaque_marker=abc',
] as const;

export type Event = 0 | 1 | 2;

interface ReportCase {
  readonly why: string;
  readonly filter: string;
  /** Of a pool that is made as `first`, changed to `second` and deleted: what remains to be reported (2.7). */
  readonly reported: readonly Event[];
}

/** The name of the pool stands for NAME. */
export const reportCases: readonly ReportCase[] = [
  { why: 'empty is no filter', filter: '', reported: [0, 1, 2] },
  { why: 'a type that is named is not reported', filter: '(eq,objectType,ResourcePoolInfo)', reported: [] },
  { why: 'all other types are', filter: '(eq,objectType,ResourceInfo)', reported: [0, 1, 2] },
  { why: 'all types but one are named', filter: '(neq,objectType,ResourcePoolInfo)', reported: [0, 1, 2] },
  { why: 'some types', filter: '(in,objectType,OCloudSiteInfo,ResourcePoolInfo)', reported: [] },
  { why: 'creations are named', filter: '(eq,notificationEventType,0)', reported: [1, 2] },
  { why: 'modifications are named', filter: '(eq,notificationEventType,1)', reported: [0, 2] },
  { why: 'deletions are named', filter: '(eq,notificationEventType,2)', reported: [0, 1] },
  { why: 'all but deletions are named', filter: '(neq,notificationEventType,2)', reported: [2] },
  { why: 'two event types', filter: '(in,notificationEventType,0,1)', reported: [2] },
  {
    why: '; is AND',
    filter: '(eq,objectType,ResourcePoolInfo);(eq,notificationEventType,1)',
    reported: [0, 2],
  },
  {
    why: '; is AND of what never is together',
    filter: '(eq,objectType,ResourceInfo);(eq,notificationEventType,1)',
    reported: [0, 1, 2],
  },
  { why: 'the post state, not the prior one', filter: '(eq,name,NAME);(eq,description,first)', reported: [1, 2] },
  { why: 'the prior state where there is no other', filter: '(eq,name,NAME);(eq,description,second)', reported: [0] },
  { why: 'a part of an attribute', filter: '(cont,description,seco)', reported: [0] },
  { why: 'an attribute of another type', filter: '(eq,vendor,NAME)', reported: [0, 1, 2] },
  {
    why: 'brackets and | are OR between groups',
    filter: '[(eq,objectType,ResourcePoolInfo);(eq,notificationEventType,0) | (eq,notificationEventType,2)]',
    reported: [1],
  },
  {
    why: 'brackets and | without spaces',
    filter: '[(eq,description,first)|(eq,objectType,ResourcePoolInfo);(eq,notificationEventType,1)]',
    reported: [2],
  },
  { why: 'brackets around one group', filter: '[(eq,notificationEventType,1)]', reported: [0, 2] },
];

/** Any of these is success, redirects are failures (2.6). */
export const successes = [200, 201, 202, 206] as const;
export const redirects = [301, 302, 303, 307, 308] as const;

/** Nothing of what a deployment manager is opened with (1.3, 2.1). */
export const credentials = /admin_user|admin_client|cluster_ca_cert|profileData|secret:|password|PRIVATE KEY/i;

/** The path of an object, whose parameters are attributes of it (1.3). */
const objectPaths = types.map(({ object, id }) => ({ object, id }));

function refersTo(rest: string, state: Row): boolean {
  return objectPaths.some(({ object, id }) => {
    if (object === '/') return (rest === '/' || rest === '') && typeof state['serviceUri'] === 'string';
    const path = object.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(state[name])));
    return typeof state[id] === 'string' && path === rest;
  });
}

function stateFaults(body: Row, member: string, events: readonly unknown[]): string[] {
  const due = events.includes(body['notificationEventType']);
  if (!due) return member in body ? [`§2.1 ${member} in event ${String(body['notificationEventType'])}`] : [];
  return isObject(body[member]) ? [] : [`§2.1, §1.9 ${member} is no object: ${JSON.stringify(body[member])}`];
}

/** Everything in which a notification departs from 2.1; `root` is the apiRoot. Either spelling of the API will do here. */
export function notificationFaults(
  body: Row,
  { root, major, consumerSubscriptionId }: { root: string; major: Major; consumerSubscriptionId: string | undefined },
): string[] {
  const { notificationId, notificationEventType: event, objectRef } = body;
  const faults = [
    ...stateFaults(body, 'priorObjectState', [1, 2]),
    ...stateFaults(body, 'postObjectState', [0, 1]),
    ...(typeof notificationId === 'string' && notificationId !== '' ? [] : ['§1.9 notificationId is no string']),
    ...([0, 1, 2].includes(event as number) ? [] : [`§2.1 notificationEventType is ${JSON.stringify(event)}`]),
    ...(body['consumerSubscriptionId'] === consumerSubscriptionId ? [] : ['§2.1 consumerSubscriptionId is no echo']),
    ...(credentials.test(JSON.stringify(body)) ? ['§2.1 credentials in a state'] : []),
  ];
  if (objectRef === undefined && event === 2) return faults;
  const state = (body['postObjectState'] ?? body['priorObjectState'] ?? {}) as Row;
  const bases = spellings.map((spelling) => `${root}/${spelling}/${major}`);
  const own = bases.find((base) => typeof objectRef === 'string' && objectRef.startsWith(base));
  if (own !== undefined && refersTo(String(objectRef).slice(own.length), state)) return faults;
  return [...faults, `§2.1 objectRef ${String(objectRef)} is no object of ${root} in ${major} with this state`];
}
