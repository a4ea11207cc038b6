/** The URIs of the inventory API and what each method, header and wrong path answers (1.2, 1.3, 3.3, 4). */

import { types, type Major } from './attributes.js';

/** Both spellings are one API (0.1). */
export const spellings = ['o2ims-infrastructureInventory', 'O2ims_infrastructureInventory'] as const;
export type Spelling = (typeof spellings)[number];

interface Route {
  /** Under `/{apiName}/{major}`; `{name}` is the identifier of a live object. */
  readonly path: string;
  /** The type of the body, and whether it is an array of it. */
  readonly type: string;
  readonly list: boolean;
}

const collections = types.filter((type) => type.list !== undefined);

/** Every GET of 1.3, without subscriptions and dictionaries, which are not served yet. */
export const routes: readonly Route[] = [
  { path: '', type: 'CloudInfo', list: false },
  { path: '/', type: 'CloudInfo', list: false },
  ...collections.map(({ path, type }): Route => ({ path, type, list: true })),
  ...collections.map(({ object, type }): Route => ({ path: object, type, list: false })),
];

/** 1.2: every method not listed is 405 with Allow; inventory lists GET alone, and HEAD follows GET. */
export const refusedMethods = ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'] as const;
export const allowed: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

interface WrongPath {
  readonly clause: string;
  readonly why: string;
  /** Under `/{apiName}/{major}`. */
  readonly path: string;
}

/** 404 under a major version that is served. */
export const notFound: readonly WrongPath[] = [
  { clause: '§1.3', why: 'unknown resource type', path: '/resourceTypes/{unknown}' },
  { clause: '§1.3', why: 'unknown resource pool', path: '/resourcePools/{unknown}' },
  { clause: '§1.3', why: 'unknown resource', path: '/resourcePools/{resourcePoolId}/resources/{unknown}' },
  { clause: '§1.3', why: 'unknown deployment manager', path: '/deploymentManagers/{unknown}' },
  { clause: '§1.3', why: 'unknown location', path: '/locations/{unknown}' },
  { clause: '§1.3', why: 'unknown O-Cloud site', path: '/oCloudSites/{unknown}' },
  { clause: '§1.3', why: 'an identifier that is not a UUID', path: '/resourceTypes/no-such-type' },
  { clause: '§1.3', why: 'an encoded identifier', path: '/resourcePools/%2e%2e%2fresourceTypes' },
  {
    clause: '§1.3',
    why: 'a resource that is in another pool',
    path: '/resourcePools/{otherPoolId}/resources/{resourceId}',
  },
  {
    clause: '§1.3',
    why: 'a resource under an unknown pool',
    path: '/resourcePools/{unknown}/resources/{resourceId}',
  },
  { clause: '§1.2', why: 'the child collection of an unknown pool', path: '/resourcePools/{unknown}/resources' },
  { clause: '§1.2', why: 'an unknown collection', path: '/nothing' },
  { clause: '§1.2', why: 'a collection in another case', path: '/resourcepools' },
  { clause: '§1.2', why: 'resources outside their pool', path: '/resources' },
  { clause: '§1.2', why: 'an unknown child collection', path: '/resourcePools/{resourcePoolId}/nothing' },
  {
    clause: '§1.2',
    why: 'a path below an object',
    path: '/resourcePools/{resourcePoolId}/resources/{resourceId}/elements',
  },
  { clause: '§1.3', why: 'the alarm dictionary of an unknown type', path: '/resourceTypes/{unknown}/alarmDictionary' },
];

/** 404 for as long as these objects are not served; rows move to `routes` when they are. */
export const notServedYet: readonly string[] = [
  '/alarmDictionaries',
  '/alarmDictionaries/{unknown}',
  '/performanceDictionaries',
  '/performanceDictionaries/{unknown}',
  '/resourceTypes/{resourceTypeId}/alarmDictionary',
  '/resourceTypes/{resourceTypeId}/performanceDictionary',
];

/** 404 outside the served major versions: whole paths (4: "unknown path, object, API or major version"). */
export const unknownApis: readonly { readonly why: string; readonly path: string }[] = [
  { why: 'an unknown major version', path: '/{apiName}/v3/resourceTypes' },
  { why: 'the root of an unknown major version', path: '/{apiName}/v0/' },
  { why: 'a word for a major version', path: '/{apiName}/latest/resourceTypes' },
  { why: 'no major version', path: '/{apiName}' },
  { why: 'a collection without a major version', path: '/{apiName}/resourceTypes' },
  { why: 'an unknown API', path: '/o2ims-infrastructureNothing/v1/resourceTypes' },
];

interface HeaderCase {
  readonly clause: string;
  readonly why: string;
  readonly value: string;
  readonly status: readonly number[];
}

/** 406 when Accept excludes JSON (4), with the preferences of RFC 9110, 12.5.1. */
export const accepts: readonly HeaderCase[] = [
  { clause: '§4', why: 'JSON', value: 'application/json', status: [200] },
  { clause: '§4', why: 'anything', value: '*/*', status: [200] },
  { clause: '§4', why: 'any application type', value: 'application/*', status: [200] },
  { clause: '§4', why: 'JSON second', value: 'text/html, application/json;q=0.5', status: [200] },
  { clause: '§4', why: 'anything last', value: 'text/html,application/xml;q=0.9,*/*;q=0.1', status: [200] },
  { clause: '§4', why: 'JSON in capitals', value: 'Application/JSON', status: [200] },
  { clause: '§4', why: 'JSON with a charset', value: 'application/json; charset=utf-8', status: [200] },
  { clause: '§4', why: 'JSON of some version', value: 'application/json;version=1', status: [200] },
  { clause: '§4', why: 'JSON with a quoted comma', value: 'application/json;a="x, y;q=0";q=0.1', status: [200] },
  {
    clause: '§4',
    why: 'JSON second, with a charset',
    value: 'text/html, application/json;charset=utf-8;q=0.9',
    status: [200],
  },
  {
    clause: '§4',
    why: 'JSON with a charset at weight zero',
    value: 'application/json;charset=utf-8;q=0',
    status: [406],
  },
  { clause: '§4', why: 'HTML alone', value: 'text/html', status: [406] },
  { clause: '§4', why: 'XML alone', value: 'application/xml', status: [406] },
  { clause: '§4', why: 'any text', value: 'text/*', status: [406] },
  { clause: '§4', why: 'JSON at weight zero', value: 'application/json;q=0', status: [406] },
  { clause: '§4', why: 'anything but JSON', value: 'application/json;q=0, */*', status: [406] },
];

/** The request header Version (3.3); `{served}` is what the gateway says it serves, `{n}` the major number. */
export const versions: readonly HeaderCase[] = [
  { clause: '§3.3', why: 'the version served', value: '{served}', status: [200] },
  { clause: '§3.3', why: 'a well-formed implementation suffix', value: '{served}-impl:acme:gw:1', status: [200, 406] },
  { clause: '§3.3', why: 'an unsupported major', value: '99.0.0', status: [406] },
  { clause: '§3.3', why: 'an unsupported minor', value: '{n}.99.0', status: [406] },
  { clause: '§3.3', why: 'a word', value: 'latest', status: [400] },
  { clause: '§3.3', why: 'a major alone', value: '{n}', status: [400] },
  { clause: '§3.3', why: 'two numbers', value: '{n}.0', status: [400] },
  { clause: '§3.3', why: 'four numbers', value: '{n}.0.0.0', status: [400] },
  { clause: '§3.3', why: 'a leading v', value: 'v{n}.0.0', status: [400] },
  { clause: '§3.3', why: 'a letter for the patch', value: '{n}.0.x', status: [400] },
  { clause: '§3.3', why: 'another suffix', value: '{n}.0.0-beta', status: [400] },
  { clause: '§3.3', why: 'an implementation suffix without a product', value: '{n}.0.0-impl:acme', status: [400] },
];

/** The form of the response header Version (3.3). */
export const versionForm = /^\d+\.\d+\.\d+(-impl:[^:]+:[^:]+:[^:]+)?$/;

/** Answers that carry Version, whatever their status: "always return it" (3.3). */
export const versioned: readonly { readonly path: string; readonly method?: string; readonly status: number }[] = [
  { path: '/', status: 200 },
  { path: '/resourcePools', status: 200 },
  { path: '/resourcePools/{resourcePoolId}', status: 200 },
  { path: '/resourcePools/{unknown}', status: 404 },
  { path: '/resourcePools?filter=garbage', status: 400 },
  { path: '/resourcePools', method: 'POST', status: 405 },
  { path: '/resourcePools', method: 'OPTIONS', status: 204 },
  { path: '/resourcePools/{unknown}/resources', method: 'OPTIONS', status: 204 },
  { path: '/api_versions', status: 200 },
  { path: '/api_versions', method: 'OPTIONS', status: 204 },
  { path: '/api_versions', method: 'DELETE', status: 405 },
];

/** A request target that no server takes: 414 (4). */
export const longTarget = (major: Major): string =>
  `/${spellings[0]}/${major}/resourceTypes?filter=(eq,name,${'x'.repeat(60_000)})`;
