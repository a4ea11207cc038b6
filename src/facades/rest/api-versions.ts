import type { ServerResponse } from 'node:http';
import type { Api } from '#schema/apis.js';
import { requestIdHeader, requestIdOf } from '../request-id.js';
import type { Route } from './routes.js';

interface Parts {
  readonly routes: readonly Route[];
  readonly publicUrl: string;
  /** Prefix without host and trailing slash, for clients that compare it literally (contract 1.2). */
  readonly relativeVersions: boolean;
}

/** ApiVersionInformation (SOL 013 9.3) of an API, or of one of its majors; the newest version first. */
export function apiVersions(
  response: ServerResponse,
  target: { readonly api: Api; readonly prefix: string; readonly major?: string },
  parts: Parts,
  headOnly: boolean,
): void {
  const { api, prefix, major } = target;
  const served = Object.keys(api.majors)
    .filter((each) => parts.routes.some((route) => route.api === api && route.major === each))
    .sort()
    .reverse();
  const shown = major === undefined ? served : [major];
  const newest = major ?? served[0]!;
  const uriPrefix = parts.relativeVersions ? `/${prefix}/${newest}` : `${parts.publicUrl}/${prefix}/${newest}/`;
  const versions = shown.flatMap((each) => api.majors[each]!.versions.map((version) => ({ version })));
  const body = Buffer.from(JSON.stringify({ uriPrefix, apiVersions: versions }));
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    Version: api.majors[newest]!.versions[0]!,
    [requestIdHeader]: requestIdOf(response),
  });
  response.end(headOnly ? undefined : body);
}
