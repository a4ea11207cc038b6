import { Fault } from '#schema/errors.js';
import { patched } from '#schema/merge-patch.js';
import type { Values } from './references.js';

/** Characters of an object as JSON, and of one text in it: what is kept, searched and told of each change is in proportion. */
const mostOfObject = 65_536;
const mostOfText = 16_384;

/** Throws INVALID when a write would make an object too large. What its backend has made larger may still be made smaller. */
export function demandBounded(patch: Values, before: Values = {}): void {
  const at = placeOfLongText(patch)?.slice(1);
  if (at !== undefined) throw new Fault('INVALID', `'${at}' has more than ${mostOfText} characters.`, { at });
  const size = sizeOf(patched(before, patch));
  if (size > mostOfObject && size > sizeOf(before))
    throw new Fault('INVALID', `As JSON it would have ${size} characters; an object has ${mostOfObject} at most.`);
}

function sizeOf(value: Values): number {
  return JSON.stringify(value).length;
}

/** The place in a value of a text that is too long. */
function placeOfLongText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > mostOfText ? '' : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, each] of Object.entries(value)) {
    const within = placeOfLongText(each);
    if (within !== undefined) return `/${name}${within}`;
  }
  return undefined;
}
