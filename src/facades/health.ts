import type { IncomingMessage, ServerResponse } from 'node:http';
import { otherMethod } from './methods.js';
import { noteBytes, requestIdHeader, requestIdOf } from './request-id.js';

/** What readiness is made of. */
export interface Health {
  /** False until the store answers and a first synchronisation was tried, and while draining. */
  ready(): boolean;
  /** A line per part, for `?verbose`: `[+] store ok`, `[-] backend dc-1: 3 of 5 read`. */
  report(): readonly string[];
}

/** `/livez` and `/readyz`; false for any other path. */
export function serveHealth(health: Health, request: IncomingMessage, response: ServerResponse): boolean {
  const [path, query] = request.url!.split('?');
  if (path !== '/livez' && path !== '/readyz') return false;
  if (otherMethod(request, response)) return true;
  const ok = path === '/livez' || health.ready();
  const verbose = new URLSearchParams(query).has('verbose') && path === '/readyz';
  const body = `${verbose ? `${health.report().join('\n')}\n` : ''}${ok ? 'ok' : 'not ready'}\n`;
  response.writeHead(ok ? 200 : 503, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    [requestIdHeader]: requestIdOf(response),
    ...(ok ? {} : { 'Retry-After': '1' }),
  });
  const said = request.method === 'HEAD' ? '' : body;
  noteBytes(response, Buffer.byteLength(said));
  response.end(said);
  return true;
}
