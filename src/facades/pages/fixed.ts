import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip, matchesEtag } from '../rest/headers.js';
import { problemOf, sendProblem } from '../rest/problem.js';
import { Fault } from '#schema/errors.js';
import { otherMethod } from '../methods.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';

const compress = promisify(gzip);

/** Something that does not change while the process lives. */
export interface Fixed {
  readonly type: string;
  /** Called once, when it is first asked for. */
  content(): Promise<Buffer | string>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Made {
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/** Answers a request for something fixed. */
type AnswerFixed = (request: IncomingMessage, response: ServerResponse) => void;

/** Read only, compressed once, revalidated by ETag: a new release is seen at once. */
export function fixed(source: Fixed): AnswerFixed {
  let made: Promise<Made> | undefined;
  return (request, response) => {
    if (otherMethod(request, response)) return;
    made ??= make(source);
    made.then(
      (ready) => send(request, response, source, ready),
      (error: unknown) => {
        made = undefined;
        sendProblem(response, problemOf(new Fault('INTERNAL', 'The file cannot be read.', {}, error)));
      },
    );
  };
}

async function make(source: Fixed): Promise<Made> {
  const plain = Buffer.from(await source.content());
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { etag, plain, gzipped: await compress(plain) };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { type, headers }: Fixed,
  { etag, plain, gzipped }: Made,
): void {
  const packed = acceptsGzip(request.headers['accept-encoding']);
  const body = packed ? gzipped : plain;
  const said = {
    ETag: etag,
    'Cache-Control': 'no-cache',
    Vary: 'Accept-Encoding, Origin',
    [requestIdHeader]: requestIdOf(response),
    ...headers,
  };
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    response.writeHead(304, said).end();
    return;
  }
  const encoding = packed ? { 'Content-Encoding': 'gzip' } : {};
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'X-Content-Type-Options': 'nosniff',
    ...encoding,
    ...said,
  });
  noteBytes(response, body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}
