/** Paging by an opaque marker (3.4): what a marker may be, and what it may be used for. */

/** The most objects in one page (3.4: default 100). */
export const pageLimit = 100;

export const markerParameter = 'nextpage_opaque_marker';

/** The resources of the largest pool: more than two pages. */
export const longList = '/resourcePools/{resourcePoolId}/resources';

/** The only relations of a Link header (3.4). */
export const relations: readonly string[] = ['next', 'first'];

/** A bare decimal of up to six digits is a page number and answers 200 (3.4; CONF 7.3.5 sends 2). */
export const pageNumbers = ['0', '1', '2', '3', '999999'] as const;

/** Not a marker of ours: 400. Seven digits are no page number. */
export const badMarkers = ['abc', '1234567', 'bm90LWEtbWFya2Vy', '2abc', '{"after":1}'] as const;

/** A marker that was changed on the way: 400. The last characters are left alone, where encodings have spare bits. */
export const tamperings: readonly { readonly title: string; change(marker: string): string }[] = [
  { title: 'the first character changed', change: (marker) => replaceAt(marker, 0) },
  { title: 'a character in the middle changed', change: (marker) => replaceAt(marker, Math.floor(marker.length / 2)) },
  { title: 'the second half cut off', change: (marker) => marker.slice(0, Math.floor(marker.length / 2)) },
  { title: 'the first character cut off', change: (marker) => marker.slice(1) },
  { title: 'eight characters added', change: (marker) => `${marker}AAAAAAAA` },
];

function replaceAt(marker: string, at: number): string {
  return marker.slice(0, at) + (marker[at] === 'A' ? 'B' : 'A') + marker.slice(at + 1);
}

/** A filter that every resource passes, so that the filtered list has pages too. */
export const filterOfAll = `(neq,description,'no such resource')`;

/** Places where the marker of the unfiltered long list is foreign: 400, for it is bound to its query. */
export const foreign: readonly { readonly title: string; readonly path: string; readonly filter?: string }[] = [
  { title: 'another pool', path: '/resourcePools/{otherPoolId}/resources' },
  { title: 'another collection', path: '/resourceTypes' },
  { title: 'the same list with a filter', path: longList, filter: filterOfAll },
  { title: 'the same list with a filter that keeps nothing', path: longList, filter: '(eq,description,none-such)' },
];
