import { member } from './model-walk.js';
import { apply, type Override } from './overrides.js';
import type { Found } from './issues.js';

/**
 * Of `store.file` and `store.memory: true` the one that was said in the higher place counts: the file, then variables, then
 * flags. Returns a fault where both were said in the same, for either would lose in silence.
 */
export function settleStore(
  value: unknown,
  environment: readonly Override[],
  flags: readonly Override[],
): readonly Found[] {
  const store = member(value, 'store');
  if (member(store, 'memory') !== true) return [];
  const rank = (name: string): number => {
    const sets = ({ path }: Override) => path[0] === 'store' && (path[1] ?? name) === name;
    if (member(store, name) === undefined) return -1;
    if (flags.some(sets)) return 2;
    return environment.some(sets) ? 1 : 0;
  };
  const [file, memory] = [rank('file'), rank('memory')];
  if (file > memory) apply({ path: ['store', 'memory'], value: false }, value);
  if (file !== memory) return [];
  return [{ path: ['store', 'memory'], message: 'Both store.file and store.memory are set; remove one.' }];
}
