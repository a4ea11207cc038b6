import type { ObjectDefinition } from '#schema/object.js';
import type { Value } from '#schema/change.js';

/** What indexes need of an object, found in its JSON without parsing what is nested in it. */
export interface Outline {
  /** The attributes in front of the nested list; every indexed one is among them. */
  readonly head: Value;
  /** Calls back with where in the JSON each nested id stands, however deep; some may only look like one. */
  eachNested(found: (from: number, to: number) => void): void;
}

/**
 * @param json as `JSON.stringify` writes it, without spaces
 * @returns undefined when only the whole value can tell: nothing may be nested, something is escaped, or an indexed attribute
 * does not stand in front of the nested list
 */
export function outlineOf(json: string, of: ObjectDefinition, indexed: readonly string[]): Outline | undefined {
  // Without escapes a quote begins or ends a text: what looks like the name of an attribute is one.
  if (of.nested === undefined || json.includes('\\')) return undefined;
  const at = json.indexOf(`,"${of.nested}":[`);
  const head = at < 0 ? undefined : objectIn(`${json.slice(0, at)}}`);
  if (!head || !indexed.every((name) => Object.hasOwn(head, name))) return undefined;
  return { head, eachNested: (found) => eachText(of.key, json, at, found) };
}

/** A list of that name inside another attribute leaves that attribute open, which is no JSON. */
function objectIn(json: string): Value | undefined {
  try {
    return JSON.parse(json) as Value;
  } catch {
    return undefined;
  }
}

function eachText(name: string, json: string, after: number, found: (from: number, to: number) => void): void {
  const before = `"${name}":"`;
  for (let at = json.indexOf(before, after); at >= 0; at = json.indexOf(before, at)) {
    const from = at + before.length;
    at = json.indexOf('"', from);
    found(from, at);
  }
}
