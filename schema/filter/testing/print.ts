import type { Condition } from '../ast.js';
import { keyName, printPath } from '../attribute-path.js';

/** Writes conditions as the text that `parseExpressions` reads. A name with `)` has no spelling in SOL 013. */
export function printFilter(conditions: readonly Condition[]): string {
  return conditions
    .map(({ operator, path, keys, values }) => {
      const names = path.map((name) => printPath([name]));
      if (names.some((name) => name.includes(')'))) throw new Error(`A filter cannot name '${path.join('/')}'.`);
      const shown = values.map((value) =>
        value === '' || /[,)';]/.test(value) ? `'${value.replaceAll("'", "''")}'` : value,
      );
      return `(${[operator, [...names, ...(keys ? [keyName] : [])].join('/'), ...shown].join(',')})`;
    })
    .join(';');
}
