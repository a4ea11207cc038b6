import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Major } from '#schema/apis.js';
import { Fault, internal } from '#schema/errors.js';
import { requestIdHeader, requestIdOf } from '../request-id.js';
import { problemOf, sendProblem, type Problem } from './problem.js';
import { apiOf } from './request.js';
import type { Route } from './routes.js';

const reading = ['GET', 'HEAD', 'OPTIONS'];

/** Parts of an operation's input that have another name in a URL of O2. */
const parameters: Readonly<Record<string, string>> = {
  after: 'nextpage_opaque_marker',
  page: 'nextpage_opaque_marker',
};

/** Writes what O2 does not let a request have; every problem carries the `Version` (contract 3.3). */
export interface Refusals {
  /** 405, or 204 with `Allow` for OPTIONS; most O2 paths are read only. `writing`: methods beside those that read. */
  method(request: IncomingMessage, response: ServerResponse, writing: readonly string[]): void;
  notAcceptable(request: IncomingMessage, response: ServerResponse, detail: string): void;
  mediaType(request: IncomingMessage, response: ServerResponse): void;
  fault(request: IncomingMessage, response: ServerResponse, error: unknown): void;
}

export function refusals(routes: readonly Route[]): Refusals {
  const refuse = (request: IncomingMessage, response: ServerResponse, problem: Problem): void => {
    const version = versionOf(majorOf(routes, request), request);
    const headers = { ...problem.headers, ...(version === undefined ? {} : { Version: version }) };
    sendProblem(response, { ...problem, headers }, request.method !== 'HEAD');
  };
  return {
    method(request, response, writing) {
      const allowed = [...reading, ...writing].join(', ');
      const headers = { Allow: allowed };
      if (request.method === 'OPTIONS') {
        response.writeHead(204, { ...headers, [requestIdHeader]: requestIdOf(response) }).end();
      } else
        refuse(request, response, {
          status: 405,
          detail: `${request.method} is not defined here; allowed: ${allowed}.`,
          headers,
        });
    },
    notAcceptable: (request, response, detail) => refuse(request, response, { status: 406, detail }),
    mediaType(request, response) {
      const detail = `POST takes application/json, not ${request.headers['content-type'] ?? 'a body without Content-Type'}.`;
      refuse(request, response, { status: 415, detail, headers: { 'Accept-Post': 'application/json' } });
    },
    fault(request, response, error) {
      const fault = error instanceof Fault ? error : internal(error);
      const problem = problemOf(fault, majorOf(routes, request)?.statuses);
      const at = parameters[fault.detail.at ?? ''];
      refuse(request, response, at === undefined ? problem : { ...problem, members: { ...problem.members, at } });
    },
  };
}

/** The major of the path, if it is served; a path may say anything, `constructor` too. */
function majorOf(routes: readonly Route[], { url }: IncomingMessage): Major | undefined {
  const at = apiOf(url!);
  const major = at?.segments[0];
  return routes.find((route) => route.api.versioned && route.api === at?.api && route.major === major)?.api.majors[
    major!
  ];
}

function versionOf(major: Major | undefined, { headers }: IncomingMessage): string | undefined {
  const asked = headers['version'];
  return typeof asked === 'string' && major?.versions.includes(asked) ? asked : major?.versions[0];
}
