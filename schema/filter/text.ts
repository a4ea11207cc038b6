const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return text.length === 36 && uuid.test(text);
}

/** Equal texts fold to one: UUIDs compare without regard to case (contract 1.9), everything else as it is. */
export function folded(text: string): string {
  return isUuid(text) ? text.toLowerCase() : text;
}

/** Surrogates stand for code points above U+FFFF but are smaller code units than U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/**
 * Compares texts with `limit` by code point: below, at or above 0. The language's own `<` compares code units, which
 * comes to the same as long as one side has none above U+D7FF.
 */
export function comparatorOf(limit: string): (text: string) => number {
  if (/[\ud800-\uffff]/.test(limit)) return (text) => compareText(text, limit);
  return (text) => (text === limit ? 0 : text < limit ? -1 : 1);
}
