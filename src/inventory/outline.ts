import type { ObjectDefinition } from '#schema/object.js';

/** What a start needs of an object, found in its JSON without parsing it. */
export interface Outline {
  /** The texts that the attributes hold which were asked for. */
  readonly texts: Readonly<Record<string, string>>;
  /** Calls back with where in the JSON each nested id stands, however deep; some may only look like one. */
  eachNested(found: (from: number, to: number) => void): void;
}

/**
 * @param json as `JSON.stringify` writes it, without spaces
 * @returns undefined when only the whole value can tell: nothing may be nested, something is escaped, or an attribute holds no
 * text or stands behind the first object or list of objects
 */
export function outlineOf(json: string, of: ObjectDefinition, attributes: readonly string[]): Outline | undefined {
  // Without escapes a quote begins or ends a text: what looks like the name of an attribute is one.
  if (of.nested === undefined || json.includes('\\')) return undefined;
  const at = json.indexOf(`,"${of.nested}":[`);
  const texts = at < 0 ? undefined : textsOf(attributes, json);
  return texts && { texts, eachNested: (found) => eachText(of.key, json, at, found) };
}

/** In front of the first brace but its own, everything belongs to the object itself. */
function textsOf(attributes: readonly string[], json: string): Record<string, string> | undefined {
  const brace = json.indexOf('{', 1);
  const texts: Record<string, string> = {};
  for (const name of attributes) {
    const before = `"${name}":"`;
    const at = json.indexOf(before);
    if (at < 0 || (brace >= 0 && at > brace)) return undefined;
    const quote = at + before.length - 1;
    // Parsed, because a part would keep the whole text alive.
    texts[name] = JSON.parse(json.slice(quote, json.indexOf('"', quote + 1) + 1)) as string;
  }
  return texts;
}

function eachText(name: string, json: string, after: number, found: (from: number, to: number) => void): void {
  const before = `"${name}":"`;
  for (let at = json.indexOf(before, after); at >= 0; at = json.indexOf(before, at)) {
    const from = at + before.length;
    at = json.indexOf('"', from);
    found(from, at);
  }
}
