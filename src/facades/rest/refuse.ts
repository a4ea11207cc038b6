import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Major } from '#schema/apis.js';
import { Fault, internal } from '#schema/errors.js';
import { ownBase } from '../own/routes.js';
import { notAllowed, otherMethod, readOnly } from '../methods.js';
import { problemOf, sendProblem, type Problem } from './problem.js';
import { apiOf } from './request.js';
import { servedMajors, type Route } from './routes.js';

/** Parts of an operation's input that have another name in a URL of O2. */
const parameters: Readonly<Record<string, string>> = {
  after: 'nextpage_opaque_marker',
  page: 'nextpage_opaque_marker',
};

/** Writes what O2 does not let a request have; every problem carries the `Version` (contract 3.3). */
export interface Refusals {
  /** 405, or 204 with `Allow` for OPTIONS; most O2 paths are read only. `writing`: methods beside those that read. */
  method(request: IncomingMessage, response: ServerResponse, writing: readonly string[]): void;
  /** 415 for a body that is no JSON. */
  mediaType(request: IncomingMessage, response: ServerResponse): void;
  /** 406 for an `Accept` without JSON. */
  notJson(request: IncomingMessage, response: ServerResponse): void;
  /** 406 for a `Version` that is none of these. */
  notServed(request: IncomingMessage, response: ServerResponse, versions: readonly string[]): void;
  fault(request: IncomingMessage, response: ServerResponse, error: unknown): void;
}

export function refusals(routes: readonly Route[]): Refusals {
  const refuse = (request: IncomingMessage, response: ServerResponse, problem: Problem): void => {
    const headers = { ...problem.headers, ...versionHeader(routes, request) };
    sendProblem(response, { ...problem, headers }, request.method !== 'HEAD');
  };
  return {
    method(request, response, writing) {
      const allowed = [...readOnly, ...writing];
      if (request.method === 'OPTIONS') {
        for (const [name, value] of Object.entries(versionHeader(routes, request))) response.setHeader(name, value);
        otherMethod(request, response, allowed);
      } else {
        const problem = notAllowed(request.method!, allowed);
        const where = writing.length === 0 ? ` O2 only reads it: what can be written is written below ${ownBase}.` : '';
        refuse(request, response, { ...problem, detail: `${problem.detail}${where}` });
      }
    },
    mediaType(request, response) {
      const sent = request.headers['content-type'] ?? 'a body without Content-Type';
      const headers = { 'Accept-Post': 'application/json' };
      refuse(request, response, { status: 415, detail: `POST takes application/json, not ${sent}.`, headers });
    },
    notJson(request, response) {
      const detail = `Only application/json is served, not ${request.headers.accept}.`;
      refuse(request, response, { status: 406, detail });
    },
    notServed(request, response, versions) {
      const asked = String(request.headers['version']);
      const detail = `Version ${asked} is not served; served: ${versions.join(', ')}.`;
      refuse(request, response, { status: 406, detail });
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

/** `Version` of an answer that has no other use for it: what was asked for if that is served, else the newest. */
function versionHeader(routes: readonly Route[], { url, headers }: IncomingMessage): Record<string, string> {
  const at = apiOf(url!);
  if (!at?.api.versioned) return {};
  const [major] = at.segments;
  const served = servedMajors(routes, at.api).filter((each) => major === 'api_versions' || each === major);
  const versions = served.flatMap((each) => at.api.majors[each]!.versions);
  const asked = versions.find((each) => each === headers['version']) ?? versions[0];
  return asked === undefined ? {} : { Version: asked };
}
