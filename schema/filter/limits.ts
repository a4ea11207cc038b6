/** Every object is compared with every value, so what a filter may ask is bounded as a whole, in however many texts. */
export const mostExpressions = 100;
export const mostValues = 1000;
/** Of one text; as many as a URL may have (`limits.urlBytes`). */
export const mostCharacters = 8192;
/** Of one path, in filters and selectors. */
export const mostNames = 32;
