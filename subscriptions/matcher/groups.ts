import { Fault, invalid } from '#schema/errors.js';
import { mostCharacters } from '#schema/filter/limits.js';
import { noneYet, parseExpressions, type Counts, type RawCondition } from '#schema/filter/parse.js';

/** Conditions that must hold together. */
export type Group = readonly RawCondition[];

interface Piece {
  readonly start: number;
  readonly end: number;
  /** A group begins with it. */
  readonly first: boolean;
}

/** Behind the value at `start`; quoted ones hold whatever they like. */
function endOfValue(text: string, start: number): number {
  let at = start;
  if (text[at] === "'") {
    do at = text.indexOf("'", at + 1) + 1;
    while (at > 0 && text[at] === "'");
    if (at === 0) return text.length;
  }
  while (at < text.length && text[at] !== ',' && text[at] !== ')') at += 1;
  return at;
}

/** Behind the expression that opens at `start`, read as the parser reads it; the end of the text when it never closes. */
function endOfExpression(text: string, start: number): number {
  let at = start + 1;
  for (let part = 0; ; part += 1) {
    // Operator and attribute hold quotes like any other sign.
    if (part > 1) at = endOfValue(text, at);
    else while (at < text.length && text[at] !== ',' && text[at] !== ')') at += 1;
    if (at >= text.length) return text.length;
    at += 1;
    if (text[at - 1] === ')') return at;
  }
}

function piecesOf(text: string, from: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let [start, first] = [from, true];
  for (let at = from; at < text.length;) {
    const sign = text[at];
    if (sign === ';' || sign === '|') {
      pieces.push({ start, end: at, first });
      [start, first] = [at + 1, sign === '|'];
    }
    at = sign === '(' ? endOfExpression(text, at) : at + 1;
  }
  return [...pieces, { start, end: text.length, first }];
}

/** Reads one expression; what it says of places is meant in the whole text. */
function expressionIn(text: string, { start, end }: Piece, counts: Counts): Group {
  const written = text.slice(start, end).trim();
  const offset = start + text.slice(start, end).search(/\S|$/);
  if (written === '')
    throw invalid("An expression is missing here; it is written '(operator,attribute,value)'.", 'filter', offset);
  try {
    return parseExpressions(written, counts).map((raw) => ({
      ...raw,
      offsets: { path: raw.offsets.path + offset, values: raw.offsets.values.map((place) => place + offset) },
    }));
  } catch (error) {
    if (error instanceof Fault) throw invalid(error.message, 'filter', offset + (error.detail.position ?? 0));
    throw error;
  }
}

/**
 * Reads the filter of a subscription: expressions of SOL 013 joined by `;`, and, beyond SOL 013, such groups joined by `|`,
 * all of them in brackets or not, blanks between them (`[expr;expr | expr]`). The empty text has no groups.
 */
export function parseGroups(text: string): readonly Group[] {
  if (text === '') return [];
  if (text.length > mostCharacters)
    throw invalid(`The filter is longer than ${mostCharacters} characters.`, 'filter', mostCharacters);
  const open = /^\s*\[/.exec(text)?.[0].length ?? 0;
  const closed = text.trimEnd();
  if (open > 0 && !closed.endsWith(']')) throw invalid("']' is missing.", 'filter', text.length);
  const inside = open > 0 ? closed.slice(0, -1) : text;
  const groups: RawCondition[][] = [];
  const counts = noneYet();
  for (const piece of piecesOf(inside, open)) {
    if (piece.first) groups.push([]);
    groups.at(-1)!.push(...expressionIn(inside, piece, counts));
  }
  return groups;
}
