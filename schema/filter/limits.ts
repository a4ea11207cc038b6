/** Every object is compared with every value, so what a filter may ask is bounded as a whole, in however many texts. */
export const mostExpressions = 100;
export const mostValues = 1000;
/** Of `cont` and `ncont`, each of which is sought in the whole of a text, between two looks at the clock. */
const mostSought = 32;
/**
 * Of each of them, characters: V8 looks at the last 250 of a longer one only, and its search becomes quadratic. 100 of 260 took
 * 0.8 s in a text of 64 KiB, 100 of up to 250 at most 0.07 s.
 */
const longestSought = 250;
/** Of one text; as many as a URL may have (`limits.urlBytes`). */
export const mostCharacters = 8192;
/** Of one path, in filters and selectors. */
export const mostNames = 32;

/** What is wrong with one more value to be contained, if something is; `sought`: how many a filter has with it. */
export function tooMuchSought(sought: number, value: string): string | undefined {
  if (sought > mostSought) return `More than ${mostSought} values to be contained in one filter; ask twice.`;
  if (value.length > longestSought) return `A value to be contained is longer than ${longestSought} characters.`;
  return undefined;
}
