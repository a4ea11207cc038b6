import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Api } from '#schema/apis.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';
import { matchesEtag, versionAmong } from './headers.js';
import type { Refusals } from './refuse.js';
import { servedMajors, type Route } from './routes.js';

interface Parts {
  readonly routes: readonly Route[];
  readonly publicUrl: string;
  /** Prefix without host and trailing slash, for clients that compare it literally (contract 1.2). */
  readonly relativeVersions: boolean;
}

interface Target {
  readonly api: Api;
  readonly prefix: string;
  readonly major?: string;
}

/**
 * ApiVersionInformation (SOL 013 9.3) of an API, or of one of its majors; the newest version first. Also where conformance is
 * strict it may be read without a `Version`: it says which one to send.
 */
export function apiVersions(
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  parts: Parts,
  refuse: Refusals,
): void {
  const { api, major } = target;
  const majors = major === undefined ? servedMajors(parts.routes, api) : [major];
  const versions = majors.flatMap((each) => api.majors[each]!.versions);
  const used = versionAmong(versions, request.headers['version']);
  if (used === undefined) return refuse.notServed(request, response, versions);
  const body = Buffer.from(JSON.stringify(informationOf(target, majors[0]!, versions, parts)));
  const etag = `"${hash('sha1', body, 'base64url').slice(0, 22)}"`;
  const headers = {
    ETag: etag,
    Vary: 'Authorization, Origin, Version',
    Version: used,
    [requestIdHeader]: requestIdOf(response),
  };
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Type': 'application/json', 'Content-Length': body.length });
  noteBytes(response, body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function informationOf({ prefix }: Target, major: string, versions: readonly string[], parts: Parts): object {
  const uriPrefix = parts.relativeVersions ? `/${prefix}/${major}` : `${parts.publicUrl}/${prefix}/${major}/`;
  return { uriPrefix, apiVersions: versions.map((version) => ({ version })) };
}
