import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gap } from '#subscriptions/coverage.js';
import { gapHeaders } from '../answer-headers.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';
import { bodyToSend, compressedBody, type HeldAnswer } from './answers.js';
import type { Body } from './body.js';
import { acceptsGzip, matchesEtag } from './headers.js';

/** Writes an answer: 304 where the client has it already, gzipped where it may be, without body for HEAD. */
export function send(request: IncomingMessage, response: ServerResponse, held: HeldAnswer, gaps: readonly Gap[]): void {
  const headers = gaps.length === 0 ? held.headers : [...held.headers, ...Object.entries(gapHeaders(gaps)).flat()];
  if (matchesEtag(request.headers['if-none-match'], held.etag)) {
    response.writeHead(304, headers.concat(requestIdHeader, requestIdOf(response))).end();
    return;
  }
  const gzipped = acceptsGzip(request.headers['accept-encoding']) ? compressedBody(held) : undefined;
  if (gzipped instanceof Promise)
    gzipped.then(
      (body) => write(request, response, headers, body, true),
      () => write(request, response, headers, held.body, false),
    );
  else if (gzipped) write(request, response, headers, gzipped, true);
  else write(request, response, headers, bodyToSend(held), false);
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  headers: readonly string[],
  body: Body,
  gzipped: boolean,
): void {
  noteBytes(response, body.length);
  const own = ['Content-Length', String(body.length), requestIdHeader, requestIdOf(response)];
  if (gzipped) own.push('Content-Encoding', 'gzip');
  response.writeHead(200, headers.concat(own));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const { chunks } = body;
  const [first] = chunks;
  if (chunks.length === 1) response.end(first);
  else if (chunks.length === 2 && first === '') response.end(chunks[1]);
  else {
    response.cork();
    if (first !== '') response.write(first, 'latin1');
    for (const chunk of chunks.slice(1)) response.write(chunk);
    response.end();
    response.uncork();
  }
}
