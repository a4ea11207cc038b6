import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Run } from '../../inventory/sorted-rows.js';
import { headLines, type HeadLines } from '../ready-heads.js';
import { inOnePiece, type Body } from './body.js';
import { matchesEtag } from './headers.js';

const compress = promisify(gzip);
const compressFrom = 1024;

/** What an answer shows, in both forms. An answer that is made anew of the very same rows shows the same. */
export interface Shown {
  /** Pieces of what blocks remember at first; one piece from its second use on, which is the cheapest to write again and again. */
  body: Body;
  gzipped?: Promise<Body> | Body;
  used: number;
  /** The rows it is made of, where it depends on nothing else. */
  readonly runs: readonly Run[] | undefined;
}

/** A finished answer, good as long as its stamp is. */
export interface HeldAnswer {
  readonly stamp: string;
  readonly etag: string;
  /** Those that a 304 has too. */
  readonly head: HeadLines;
  readonly shown: Shown;
  readonly plain: HeadLines;
  gzipped?: HeadLines;
}

/** A body, and the headers it is sent with, but for those of the request. */
export interface Sendable {
  readonly head: HeadLines;
  readonly body: Body;
}

/** Where answers of one URL to one scope are kept. */
export type Place = object;

/** Whole answers, bounded by their bytes. */
export type Answers = LRUCache<Place, HeldAnswer>;

export function answers(maxBytes: number): Answers {
  return new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf });
}

/** Bytes it holds, with what its compressed form may take on top. */
function sizeOf({ shown, head }: HeldAnswer): number {
  return Math.ceil(shown.body.length * 1.3) + 3 * head.length + 1024;
}

export function shownAs(body: Body, runs: readonly Run[] | undefined): Shown {
  return { body, used: 0, runs };
}

/** Whether these are the very rows it is made of: blocks never change, a changed row makes a new one. */
export function shows({ runs: before }: Shown, runs: readonly Run[]): boolean {
  if (before?.length !== runs.length) return false;
  return runs.every(({ block, from, to }, index) => {
    const was = before[index]!;
    return was.block === block && was.from === from && was.to === to;
  });
}

export function heldAnswer(
  stamp: string,
  etag: string,
  headers: Readonly<Record<string, string>>,
  shown: Shown,
): HeldAnswer {
  const all = { ETag: etag, ...headers };
  const plain = headLines({ ...all, 'Content-Length': String(shown.body.length) });
  return { stamp, etag, head: headLines(all), shown, plain };
}

/** Keeps an answer. What it shows are pieces of what blocks remember, and one row's piece would keep the texts of all 64. */
export function keep(all: Answers, place: Place, held: HeldAnswer): void {
  held.shown.body = byItself(held.shown.body);
  all.set(place, held);
}

function byItself(body: Body): Body {
  const { content, length } = body;
  if (typeof content === 'string' || Buffer.isBuffer(content)) return body;
  if (length <= longestText) return { content: inOnePiece(body).toString(), length };
  const behind = new Set(content.map((piece) => (typeof piece === 'string' ? undefined : piece.buffer)));
  const bytes = [...behind].reduce((sum, memory) => sum + (memory?.byteLength ?? 0), 0);
  return bytes > 2 * length ? { content: inOnePiece(body), length } : body;
}

// Up to here it is cheaper to copy a text behind the headers than to write a second piece (measured, with text and in bytes:
// 14.2 and 16.5 µs for 300 bytes, 14.3 and 15.3 for 4,000, 18.4 and 16.4 for 32,000).
const longestText = 8192;

/** The answer to send. */
export function plainAnswer({ shown, plain }: HeldAnswer): Sendable {
  shown.used += 1;
  const { body } = shown;
  if (shown.used === 2 && body.length > longestText) shown.body = { content: inOnePiece(body), length: body.length };
  return { head: plain, body: shown.body };
}

/** The gzipped answer, made once; undefined when compressing is not worth it. */
export function compressedAnswer(held: HeldAnswer): Promise<Sendable> | Sendable | undefined {
  const { shown } = held;
  if (shown.body.length < compressFrom) return undefined;
  shown.gzipped ??= (async () => {
    const content = await compress(inOnePiece(shown.body), { level: 1 });
    return (shown.gzipped = { content, length: content.length });
  })();
  return shown.gzipped instanceof Promise
    ? shown.gzipped.then((body) => gzippedAnswer(held, body))
    : gzippedAnswer(held, shown.gzipped);
}

/** The headers of a 304: with the tag that the client has (RFC 9110 15.4.5); undefined when it has neither. */
export function unchangedHead(known: string, held: HeldAnswer): HeadLines | undefined {
  if (matchesEtag(known, held.etag)) return held.head;
  return matchesEtag(known, gzippedEtag(held.etag)) ? gzippedHead(held) : undefined;
}

function gzippedHead({ head, etag }: HeldAnswer): HeadLines {
  return head.replace(etag, gzippedEtag(etag)) as HeadLines;
}

function gzippedAnswer(held: HeldAnswer, body: Body): Sendable {
  held.gzipped ??= [
    gzippedHead(held),
    headLines({ 'Content-Length': String(body.length), 'Content-Encoding': 'gzip' }),
  ].join('') as HeadLines;
  return { head: held.gzipped, body };
}

/** Other bytes, another strong tag (RFC 9110 8.8.3). */
function gzippedEtag(etag: string): string {
  return `${etag.slice(0, -1)}-gzip"`;
}
