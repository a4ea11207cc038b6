import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Body } from './body.js';

const compress = promisify(gzip);
const compressFrom = 1024;

/** A finished answer, good as long as its stamp is. */
export interface HeldAnswer {
  readonly stamp: string;
  readonly etag: string;
  /** Alternating names and values, as writeHead takes them. */
  readonly headers: readonly string[];
  body: Body;
  used: number;
  compressed?: Promise<Body> | Body;
}

/** Whole answers by scope and URL, bounded by their bytes. */
export type Answers = LRUCache<string, HeldAnswer>;

export function answers(maxBytes: number): Answers {
  return new LRUCache({ maxSize: maxBytes, sizeCalculation: (held) => held.body.length + 512 });
}

/** The body to send: joined into one piece from its second use on, because one write is cheaper than several. */
export function bodyToSend(held: HeldAnswer): Body {
  held.used += 1;
  if (held.used === 2 && held.body.chunks.length > 2) {
    const [first, ...rest] = held.body.chunks;
    held.body = { chunks: ['', Buffer.concat([Buffer.from(first), ...rest])], length: held.body.length };
  }
  return held.body;
}

/** The gzipped body, made once; undefined when compressing is not worth it. */
export function compressedBody(held: HeldAnswer): Promise<Body> | Body | undefined {
  if (held.body.length < compressFrom) return undefined;
  held.compressed ??= (async () => {
    const [first, ...rest] = held.body.chunks;
    const bytes = await compress(Buffer.concat([Buffer.from(first), ...rest]), { level: 1 });
    return (held.compressed = { chunks: ['', bytes], length: bytes.length });
  })();
  return held.compressed;
}
