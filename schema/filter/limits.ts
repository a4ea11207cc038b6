/** Every object is compared with every value, so what a filter may ask is bounded as a whole, in however many texts. */
export const mostExpressions = 100;
export const mostValues = 1000;
/** Of `cont` and `ncont`, each of which is sought in the whole of a text: 2,000 in one of 900 KB took 9 s. */
export const mostSought = 100;
export const tooManySought = `More than ${mostSought} values to be contained in one filter; ask twice.`;
/** Of one text; as many as a URL may have (`limits.urlBytes`). */
export const mostCharacters = 8192;
/** Of one path, in filters and selectors. */
export const mostNames = 32;
