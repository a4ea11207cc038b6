import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Body } from './body.js';

const compress = promisify(gzip);
const compressFrom = 1024;

/** A body, and all headers of its answer but the request id: alternating names and values, as writeHead takes them. */
export interface Sendable {
  readonly headers: readonly string[];
  readonly body: Body;
}

/** A finished answer, good as long as its stamp is. */
export interface HeldAnswer {
  readonly stamp: string;
  readonly etag: string;
  /** Those that a 304 has too. */
  readonly headers: readonly string[];
  plain: Sendable;
  used: number;
  compressed?: Promise<Sendable> | Sendable;
}

/** Where answers of one URL to one scope are kept. */
export type Place = object;

/** Whole answers, bounded by their bytes. */
export type Answers = LRUCache<Place, HeldAnswer>;

export function answers(maxBytes: number): Answers {
  return new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ plain }) => plain.body.length + 512 });
}

export function heldAnswer(stamp: string, etag: string, headers: readonly string[], body: Body): HeldAnswer {
  return { stamp, etag, headers, plain: sendable(headers, body), used: 0 };
}

function sendable(headers: readonly string[], body: Body, encoding: readonly string[] = []): Sendable {
  return { headers: [...headers, 'Content-Length', String(body.length), ...encoding], body };
}

/** The answer to send: joined into one piece from its second use on, because one write is cheaper than several. */
export function plainAnswer(held: HeldAnswer): Sendable {
  held.used += 1;
  const { body, headers } = held.plain;
  if (held.used === 2 && body.chunks.length > 2) {
    held.plain = { headers, body: { chunks: ['', joined(body)], length: body.length } };
  }
  return held.plain;
}

/** The gzipped answer, made once; undefined when compressing is not worth it. */
export function compressedAnswer(held: HeldAnswer): Promise<Sendable> | Sendable | undefined {
  const { body } = held.plain;
  if (body.length < compressFrom) return undefined;
  held.compressed ??= (async () => {
    const bytes = await compress(joined(body), { level: 1 });
    const gzipped = { chunks: ['', bytes], length: bytes.length } as const;
    return (held.compressed = sendable(held.headers, gzipped, ['Content-Encoding', 'gzip']));
  })();
  return held.compressed;
}

function joined({ chunks: [first, ...rest] }: Body): Buffer {
  return Buffer.concat([Buffer.from(first), ...rest]);
}
