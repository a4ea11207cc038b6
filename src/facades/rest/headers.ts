import Negotiator from 'negotiator';
import { invalid } from '#schema/errors.js';
import type { Api } from '#schema/apis.js';

/** Most of a header with preferences that is read, characters: a client says them with every request, in a tenth of it. */
const longestRead = 1024;

// `;charset=utf-8`, `;version="1, 2"`, `;x`; not the weight.
const otherParameters = /;\s*(?!q\s*=)[^;,="\s]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,"]*))?/gi;

/**
 * Whether an `Accept` header (RFC 9110 12.5.1) lets us answer with JSON. Its parameters other than the weight are left aside:
 * JSON has none (RFC 8259 11), and clients say `charset=utf-8` out of habit. Throws INVALID for one that is too long.
 */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return true;
  return accepts('application/json', accept);
}

/** Whether an `Accept` header lets us answer with a media type that has no parameters. Throws INVALID for one that is too long. */
export function accepts(type: string, accept: string | undefined): boolean {
  refuseLongAccept(accept);
  const plain = (accept || '*/*').replace(otherParameters, '');
  return new Negotiator({ headers: { accept: plain } }).mediaType([type]) !== undefined;
}

/** Reading it takes time on every request, more than most answers: throws INVALID for one that is too long. */
export function refuseLongAccept(accept: string | undefined): void {
  if (accept !== undefined && accept.length > longestRead)
    throw invalid(`The Accept header is longer than ${longestRead} characters.`, 'Accept', longestRead);
}

/** Whether gzip may be sent. A header that is too long is none: what is not encoded is right for everybody (RFC 9110 12.5.3). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  if (typeof header !== 'string' || header.length > longestRead || !header.includes('gzip')) return false;
  return new Negotiator({ headers: { 'accept-encoding': header } }).encoding(['gzip', 'identity']) === 'gzip';
}

const version = /^\d+\.\d+\.\d+(-impl:[^:\s]+:[^:\s]+:\d+)?$/;

/**
 * The version to answer with (SOL 013 9.3, contract 3.3): the newest of the major when none is asked for. Returns undefined
 * for one that is not served (406); throws INVALID for a malformed one, or for none where conformance is strict.
 */
export function negotiateVersion(
  api: Api,
  major: string,
  header: string | string[] | undefined,
  strict: boolean,
): string | undefined {
  const { versions } = api.majors[major]!;
  if (!api.versioned) return versions[0];
  if (header === undefined && strict)
    throw invalid(`The Version header is missing; served: ${versions.join(', ')}.`, 'Version');
  return versionAmong(versions, header);
}

/** As `negotiateVersion`, of any versions, the newest first. */
export function versionAmong(versions: readonly string[], header: string | string[] | undefined): string | undefined {
  if (header === undefined) return versions[0];
  if (typeof header !== 'string' || !version.test(header))
    throw invalid('The Version header must look like 2.0.0.', 'Version', 0);
  const asked = header.split('-')[0]!;
  return versions.includes(asked) ? asked : undefined;
}

/**
 * Whether an `If-None-Match` header names the entity (RFC 9110 13.1.2: weak comparison). Sought in the whole text: a list of tags
 * may be as long as all headers, and to take it apart is dear.
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header === '*') return true;
  for (let at = header.indexOf(etag); at >= 0; at = header.indexOf(etag, at + 1))
    if (beforeTag.test(header.slice(Math.max(0, at - 3), at)) && behindTag.test(header.charAt(at + etag.length)))
      return true;
  return false;
}

// Of the three characters before it, or as many as there are: so `^` is where the header begins.
const beforeTag = /(?:^|[\t ,])(?:W\/)?$/;
const behindTag = /^[\t ,]?$/;
