import type { Value } from './change.js';

/** What is shown of a value: all, nothing, or some members as they say and the rest of them or not. */
export type Shown = boolean | { readonly rest: boolean; readonly members: ReadonlyMap<string, Shown> };

/** What is shown of the member `name`. */
export function shownOf(shown: Shown, name: string): Shown {
  return typeof shown === 'boolean' ? shown : (shown.members.get(name) ?? shown.rest);
}

/** Everything but what stands at `paths`. */
export function allBut(paths: readonly (readonly string[])[]): Shown {
  if (paths.length === 0) return true;
  if (paths.some((path) => path.length === 0)) return false;
  const byFirst = Map.groupBy(paths, ([first]) => first!);
  return {
    rest: true,
    members: new Map([...byFirst].map(([name, inside]) => [name, allBut(inside.map((path) => path.slice(1)))])),
  };
}

/** The part of a JSON value that is shown; lists are stepped into. The value itself when all of it is. */
export function cut(value: unknown, shown: Shown): unknown {
  if (shown === true) return value;
  if (shown === false) return undefined;
  if (Array.isArray(value)) return value.map((each) => cut(each, shown));
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value as Value).map(
    ([name, member]) => [name, cut(member, shownOf(shown, name))] as const,
  );
  return Object.fromEntries(left.filter(([, member]) => member !== undefined));
}

/** Equal for all that show the same, in whatever order they were asked for. */
export function keyOf(shown: Shown): string {
  if (typeof shown === 'boolean') return shown ? '+' : '-';
  const members = [...shown.members].map(([name, member]) => `${JSON.stringify(name)}${keyOf(member)}`).sort();
  return `${shown.rest ? '+' : '-'}{${members.join()}}`;
}
