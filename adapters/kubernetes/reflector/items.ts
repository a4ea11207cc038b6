import { type Splitter, Truncated } from './splitter.js';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const lastSpace = 0x20;

/** A list without its items: where the next page begins and which version of the collection it is. */
export interface ListEnvelope {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

/** The objects of a Kubernetes list body one by one, so that a page of megabytes is never parsed in one go. */
export interface ItemSplitter extends Splitter {
  /** What stood around the items; to be asked for after `end`. */
  envelope(): ListEnvelope;
}

/** Knows an item by where it begins: in the array that is a direct member of the one outermost object. */
export function itemSplitter(): ItemSplitter {
  const around: Buffer[] = [];
  let parts: Buffer[] = [];
  let depth = 0;
  let inArray = false;
  let inItem = false;
  let inString = false;
  let skip = 0;

  return {
    *push(chunk) {
      let start = 0;
      let at = skip;
      for (; at < chunk.length; at += 1) {
        if (inString) at = endOfString(chunk, at);
        if (at >= chunk.length) break;
        const byte = chunk[at]!;
        if (byte === quote) inString = !inString;
        else if (byte === openBrace || byte === openBracket) {
          depth += 1;
          if (depth === 2 && byte === openBracket) {
            inArray = true;
            around.push(chunk.subarray(start, at + 1));
            start = at + 1;
          } else if (depth === 3 && inArray) inItem = true;
        } else if (byte === closeBrace || byte === closeBracket) {
          depth -= 1;
          if (depth === 1) inArray = false;
          else if (depth === 2 && inItem) {
            parts.push(chunk.subarray(start, at + 1));
            start = at + 1;
            inItem = false;
            const item = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
            parts = [];
            yield item;
          }
        } else if (inArray && depth === 2 && (byte === comma || byte <= lastSpace)) start = at + 1;
      }
      skip = at - chunk.length;
      if (start < chunk.length) (inItem ? parts : around).push(chunk.subarray(start));
    },
    end() {
      if (depth !== 0 || around.length === 0) throw new Truncated('The list ended before its closing brace.');
    },
    envelope: () => JSON.parse(Buffer.concat(around).toString()) as ListEnvelope,
  };
}

/** Where the string that `at` is in has its closing quote; beyond the chunk if not here, by one after a last backslash. */
function endOfString(chunk: Buffer, at: number): number {
  while (at < chunk.length) {
    const byte = chunk[at]!;
    if (byte === quote) return at;
    at += byte === backslash ? 2 : 1;
  }
  return at;
}
