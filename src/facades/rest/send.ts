import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gap } from '#subscriptions/coverage.js';
import { formatPosition, type Position } from '#schema/position.js';
import { gapHeaders, positionHeader } from '../answer-headers.js';
import { headLines, readyHeads } from '../ready-heads.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';
import { compressedAnswer, plainAnswer, unchangedHead, type HeldAnswer, type Sendable } from './answers.js';
import type { Body } from './body.js';
import { acceptsGzip } from './headers.js';

/** What is said of an answer that is the same bytes for all. */
export interface Circumstances {
  /** Whose part may be missing or old. */
  readonly gaps: readonly Gap[];
  /** Up to where it is true: `since` of a live stream that goes on from it. */
  readonly position: Position;
}

type Send = (request: IncomingMessage, response: ServerResponse, held: HeldAnswer, about: Circumstances) => void;

/** Writes an answer: 304 where the client has it already, gzipped where it may be, without body for HEAD. */
export function sending(): Send {
  const writeHead = readyHeads();
  const write = (
    { method }: IncomingMessage,
    response: ServerResponse,
    { head, body }: Sendable,
    about: Circumstances,
  ): void => {
    noteBytes(response, body.length);
    writeHead(response, 200, head + linesOf(response, about));
    if (method === 'HEAD') response.end();
    else writeBody(response, body);
  };
  return (request, response, held, about) => {
    const { headers } = request;
    const known = headers['if-none-match'];
    const unchanged = known === undefined ? undefined : unchangedHead(known, held);
    if (unchanged !== undefined) {
      writeHead(response, 304, unchanged + linesOf(response, about));
      return void response.end();
    }
    const gzipped = acceptsGzip(headers['accept-encoding']) ? compressedAnswer(held) : undefined;
    if (gzipped instanceof Promise)
      gzipped.then(
        (answer) => write(request, response, answer, about),
        () => write(request, response, plainAnswer(held), about),
      );
    else write(request, response, gzipped ?? plainAnswer(held), about);
  };
}

/** Headers of this one answer. Ids of requests and positions are letters that every header may have. */
function linesOf(response: ServerResponse, { gaps, position }: Circumstances): string {
  const lines = `${positionHeader}: ${formatPosition(position)}\r\n${requestIdHeader}: ${requestIdOf(response)}\r\n`;
  return gaps.length === 0 ? lines : lines + headLines(gapHeaders(gaps));
}

function writeBody(response: ServerResponse, { content, length }: Body): void {
  // Text whose bytes are as many as its letters is ASCII; sent as latin1 it is the same and needs no second look.
  if (typeof content === 'string') response.end(content, content.length === length ? 'latin1' : 'utf8');
  else if (Buffer.isBuffer(content)) response.end(content);
  else {
    // Held together, so that all pieces leave in one call.
    response.cork();
    for (const piece of content) response.write(piece, 'latin1');
    response.end();
  }
}
