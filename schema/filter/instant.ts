/** RFC 3339 date-time; a space or lower case instead of `T` and `Z` is what the RFC allows beside ISO 8601. */
const pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * An instant as text that sorts: `YYYY-MM-DDTHH:MM:SS` in UTC and the digits of the fraction behind it, without a
 * limit.
 */
export function sortableInstant(text: string): string | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, day = '', time = '', fraction = '', zone = ''] = match;
  const instant = new Date(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(instant.getTime()) || !isDay(day)) return undefined;
  const utc = instant.toISOString();
  return utc.length === 24 ? utc.slice(0, 19) + fraction.replace(/0+$/, '') : undefined;
}

/** `Date` takes 30 February for a day in March. */
function isDay(day: string): boolean {
  return new Date(day).toISOString().startsWith(day);
}

const [zulu, point, nought] = ['Z'.charCodeAt(0), '.'.charCodeAt(0), '0'.charCodeAt(0)];

/**
 * Compares a stored date-time with a `sortableInstant`: below, at or above 0; NaN when it is none. What is stored in
 * UTC (nearly everything) is compared where it stands, without making another string of it.
 */
export function compareInstant(stored: string, instant: string): number {
  const last = stored.length - 1;
  const plain = stored.charCodeAt(last) === zulu && (last === 19 || (last > 20 && stored.charCodeAt(19) === point));
  if (!plain) return compareSortable(sortableInstant(stored), instant);
  for (let index = 0; index < 19; index += 1) {
    const difference = stored.charCodeAt(index) - instant.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  for (let index = 20, digit = 19; index < last || digit < instant.length; index += 1, digit += 1) {
    const difference =
      (index < last ? stored.charCodeAt(index) : nought) -
      (digit < instant.length ? instant.charCodeAt(digit) : nought);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareSortable(a: string | undefined, b: string): number {
  if (a === undefined) return Number.NaN;
  return a < b ? -1 : Number(a > b);
}
