import { invalid, type Fault } from '#schema/errors.js';

const run = /(?:%[0-9a-f]{2})+|%/gi;

/**
 * Where a text stops being percent-encoded UTF-8 (RFC 3986 2.1); undefined when all of it is.
 * @internal for tests
 */
export function misencodedAt(text: string): number | undefined {
  for (const { 0: escapes, index } of text.matchAll(run)) {
    if (escapes === '%') return index;
    for (let at = 0; at < escapes.length;) {
      const end = at + 3 * bytesIn(Number.parseInt(escapes.slice(at + 1, at + 3), 16));
      if (!decodes(escapes.slice(at, end))) return index + at;
      at = end;
    }
  }
  return undefined;
}

/** Of a character of UTF-8 that begins with this byte. */
function bytesIn(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function decodes(escapes: string): boolean {
  try {
    return decodeURIComponent(escapes) !== '';
  } catch {
    return false;
  }
}

/** What follows the first question mark. */
export function queryIn(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

/**
 * INVALID for a query whose percent-encoding is wrong, which `URLSearchParams` would take literally; undefined when it is
 * right. The position is that in the parameter as it was sent, because there is no other.
 */
export function misencodedQuery(query: string): Fault | undefined {
  if (!query.includes('%')) return undefined;
  for (const part of query.split('&')) {
    const sign = part.indexOf('=');
    const name = sign < 0 ? part : part.slice(0, sign);
    for (const text of [name, part.slice(name.length + 1)]) {
      const position = misencodedAt(text);
      if (position !== undefined)
        return invalid(
          `'${text.slice(position, position + 3)}' is no percent-encoding of UTF-8; a percent sign itself is %25.`,
          text === name ? 'query' : name,
          position,
        );
    }
  }
  return undefined;
}

/** The same of a path, in which `text` begins at `offset`. */
export function misencodedPath(text: string, offset = 0): Fault {
  return invalid('The path is not percent-encoded correctly.', 'path', offset + (misencodedAt(text) ?? 0));
}
