// Of JSON as `JSON.stringify` writes it, without spaces. Where nothing is escaped a quote begins or ends a text: what looks like
// the name of an attribute is one.
const escape = '\\';

/**
 * The texts that an object holds in these attributes, found in its JSON without parsing it; undefined when only the whole value
 * can tell: something is escaped, or one of them holds no text or stands behind the first object in it.
 */
export function textsIn(json: string, attributes: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (json.includes(escape)) return undefined;
  // In front of the first brace but its own, everything belongs to the object itself.
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

/**
 * Calls back with where in the JSON of an object each id stands that is nested in it, however deep; some may only look like one.
 * False, and nothing is told, when only the whole value can tell: something is escaped, or its own id does not come first.
 */
export function eachNestedId(json: string, key: string, found: (from: number, to: number) => void): boolean {
  const before = `"${key}":"`;
  if (json.includes(escape) || !json.startsWith(before, 1)) return false;
  for (let at = json.indexOf(before, before.length); at >= 0; at = json.indexOf(before, at)) {
    const from = at + before.length;
    at = json.indexOf('"', from);
    found(from, at);
  }
  return true;
}
