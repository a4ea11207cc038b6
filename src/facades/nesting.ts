import { invalid } from '#schema/errors.js';

/** No input of ours nests deeper; what reads inputs does so by recursion. */
export const deepest = 20;

/** Throws INVALID for an input that nests so deep that reading it could exhaust the stack. `what`: `The body nests`. */
export function refuseDeep(value: unknown, what: string, at: string): void {
  if (nestsDeeper(value, deepest)) throw invalid(`${what} deeper than ${deepest} levels.`, at);
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => nestsDeeper(each, levels - 1));
}
