/** ApiVersionInformation at its two URIs (1.1, 1.2, 1.9). */

import { majors, type Major } from './attributes.js';
import { isObject } from './kinds.js';

interface VersionsUri {
  /** Under the apiRoot. */
  readonly path: string;
  /** The majors whose versions it tells, newest first. */
  readonly majors: readonly Major[];
}

export const uris: readonly VersionsUri[] = [
  { path: '/{apiName}/api_versions', majors: ['v2', 'v1'] },
  { path: '/{apiName}/v1/api_versions', majors: ['v1'] },
  { path: '/{apiName}/v2/api_versions', majors: ['v2'] },
];

/** The version of 1.1 that v2 begins with and RH's test suite compares. */
export const newest: Readonly<Partial<Record<Major, string>>> = { v2: '2.0.0' };

/** The request header Version at these URIs (3.3): malformed 400, not served 406. */
export const wrongVersions: readonly { readonly value: string; readonly status: number }[] = [
  { value: 'abc', status: 400 },
  { value: '2', status: 400 },
  { value: '9.9.9', status: 406 },
];

export const infoMembers = ['uriPrefix', 'apiVersions'];
export const versionMembers = ['version', 'isDeprecated', 'retirementDate'];

/** `{apiRoot}/{apiName}/{major}/`, absolute and with a slash at the end, in the spelling of the request (0.1, 1.2). */
export function uriPrefixes(uri: VersionsUri, apiRoot: string, apiName: string): string[] {
  return uri.majors.map((major) => `${apiRoot}/${apiName}/${major}/`);
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Everything in which one member of `apiVersions` departs from 1.2. */
export function versionFaults(entry: unknown): string[] {
  if (!isObject(entry)) return ['is not an object'];
  const { version, isDeprecated, retirementDate } = entry;
  const faults: string[] = [];
  if (typeof version !== 'string' || !/^\d+\.\d+\.\d+/.test(version)) faults.push('version is not like "2.0.0"');
  if (isDeprecated !== undefined && typeof isDeprecated !== 'boolean') faults.push('isDeprecated is not a boolean');
  if (retirementDate !== undefined) {
    if (isDeprecated !== true) faults.push('retirementDate of a version that is not deprecated');
    if (typeof retirementDate !== 'string' || !dateTime.test(retirementDate))
      faults.push('retirementDate: no DateTime');
  }
  return faults;
}

/** Newest first: compares the numbers of two versions. */
export function descending(a: string, b: string): number {
  const numbers = (version: string): number[] => version.split('-')[0]?.split('.').map(Number) ?? [];
  const [left, right] = [numbers(a), numbers(b)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : (right[at] ?? 0) - (left[at] ?? 0);
}

/** The majors, as the first number of a version. */
export const majorOf = (version: string): Major | undefined =>
  majors.find((major) => major === `v${version.split('.')[0]}`);
