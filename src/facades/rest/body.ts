import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { definitionOf } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import { derivedAttributes, withDerived } from '../../inventory/derived.js';
import type { Row } from '../../inventory/row.js';
import { bytesOf } from '../../inventory/sorted-rows.js';
import { rowsOf } from '../../inventory/query.js';
import type { View } from '../../inventory/view.js';
import { hiddenFrom } from '../../operations/mask.js';
import type { RowAnswer, RowsAnswer } from '../../operations/operation.js';
import type { RestRequest } from './request.js';

/**
 * The bytes of an answer. A page is made of pieces of what its blocks remember, and never copied: 30 kB of new memory for each
 * page let V8 look through the whole heap every 2,000 pages (measured: a quarter of the time went there).
 */
export interface Body {
  readonly content: string | Buffer | readonly (string | Buffer)[];
  /** In bytes. */
  readonly length: number;
}

/** Selectors whose JSON is kept with the rows; any other is made for its answer only. */
const common: ReadonlySet<string> = new Set(['default', 'all']);

/** Turns rows into the JSON of the request's presenter and selector. */
export function bodyOf(view: View, scope: Scope, request: RestRequest, answer: RowsAnswer | RowAnswer): Body {
  const { definition, presenter: spelling } = request.route;
  const hidden = hiddenFrom(scope, definition);
  const text = textOf(view, scope, request, hidden);
  if (answer.kind === 'row') return whole(text(answer.row));
  const envelope =
    spelling.envelope === undefined
      ? (['[', ']'] as const)
      : ([`{${JSON.stringify(spelling.envelope)}:[`, ']}'] as const);
  // What is derived changes without its row; only the rest can be remembered with the rows.
  const lasting = derivedAttributes(definition).length === 0 && common.has(request.selector.key);
  if (!lasting) return whole(`${envelope[0]}${[...rowsOf(answer.runs)].map(text).join(',')}${envelope[1]}`);
  const representation = representationOf(request, hidden);
  const around = envelope[0].length + envelope[1].length;
  if (answer.runs.some(({ block }) => block.fleeting)) {
    const { text: rows, bytes } = scattered(rowsOf(answer.runs), representation, text);
    return { content: `${envelope[0]}${rows}${envelope[1]}`, length: around + bytes };
  }
  const runs = answer.runs.map((run, index) => bytesOf(run, representation, text, index < answer.runs.length - 1));
  return together(envelope, runs);
}

// Each piece is a write of its own; many small ones are dearer than a copy.
const mostPieces = 32;

function together([before, behind]: readonly [string, string], runs: readonly Buffer[]): Body {
  const length = before.length + behind.length + runs.reduce((sum, run) => sum + run.length, 0);
  const body = { content: [before, ...runs, behind], length };
  return runs.length > mostPieces ? { content: inOnePiece(body), length } : body;
}

/** The same in one piece, with memory of its own: out of Node's pool a page of 32 kB would keep 64. */
export function inOnePiece({ content, length }: Body): Buffer {
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content)
    at += typeof piece === 'string' ? whole.write(piece, at) : piece.copy(whole, at);
  return whole;
}

/** The JSON of a row, and its length in UTF-8. */
interface RowText {
  readonly text: string;
  readonly bytes: number;
}

/** Of all rows, in one-byte letters and with the objects around them: who scans for everything in every spelling gets no more. */
const rememberedBytes = 32 * 1024 * 1024;
const perText = 128;

/** By row, then by representation. */
const remembered = new LRUCache<Row, ReadonlyMap<string, RowText>>({
  maxSize: rememberedBytes,
  sizeCalculation: (texts) => [...texts.values()].reduce((sum, { bytes }) => sum + bytes + perText, perText),
});

/** Rows that a scan picked out keep their texts one by one: to present 100 of them anew costs 70 µs, to join them 2. */
function scattered(rows: Iterable<Row>, representation: string, text: (row: Row) => string): RowText {
  let all = '';
  let bytes = 0;
  for (const row of rows) {
    const known = remembered.get(row);
    const made = known?.get(representation) ?? rowTextOf(text(row));
    if (!known?.has(representation)) remembered.set(row, new Map(known).set(representation, made));
    if (all !== '') all += ',';
    all += made.text;
    bytes += made.bytes + 1;
  }
  return { text: all, bytes: Math.max(0, bytes - 1) };
}

function rowTextOf(text: string): RowText {
  return { text, bytes: Buffer.byteLength(text) };
}

function whole(text: string): Body {
  return { content: text, length: Buffer.byteLength(text) };
}

function textOf(
  view: View,
  scope: Scope,
  request: RestRequest,
  hidden: readonly (readonly string[])[],
): (row: Row) => string {
  const { presenter, selector } = request;
  const derived = derivedAttributes(definitionOf(request.route.definition.name)).length > 0;
  return (row) => presenter.text(derived ? withDerived(view, scope, row) : row.value, selector, hidden);
}

function representationOf({ route, selector }: RestRequest, hidden: readonly (readonly string[])[]): string {
  return `${route.presenter.api}/${route.presenter.major}/${selector.key}/${hidden.length === 0 ? '' : JSON.stringify(hidden)}`;
}

/** What an ETag is made of beside the state that the answer depends on. */
interface Asked {
  /** Mark of how this gateway presents, from `presentationFingerprint`. */
  readonly presentation: string;
  readonly base: string;
  readonly marker: unknown;
  readonly scope: Scope;
}

/** Strong ETag: the state, how it is presented, and what was asked of it. Stable over restarts with the same configuration. */
export function etagOf(stamp: string, { presentation, base, marker, scope }: Asked): string {
  const text = `${presentation}\n${base}\n${String(marker ?? '')}\n${scope.key}`;
  const asked = hash('sha1', text, 'base64url').slice(0, 10);
  return `"${stamp}-${asked}"`;
}
