import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import type { Value } from '#schema/change.js';
import { operators, type Condition, type Filter } from '#schema/filter/ast.js';
import { compileFilter } from '#schema/filter/compile.js';
import { objects } from '#schema/objects.js';
import { sees } from '#schema/scope.js';
import { Kind } from './kind.js';
import { planOf } from './plan.js';
import { UnparsedRow, type Row } from './row.js';
import { scanAll } from './scan.js';
import { scanTurns } from './scan-turns.js';
import { everything, row, scopeOf } from './testing/rows.js';
import type { View } from './view.js';

const words = fc.constantFrom('', 'a', 'b', 'ab', 'a\nb', 'ä', '\ud83d', '\u{1f600}', '"', '\\', 'null', ',');
const texts = fc.option(words, { nil: null });
const lists = fc.array(fc.oneof(texts, fc.array(texts, { maxLength: 2 })), { maxLength: 3 });
const numbers = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant(-0), fc.boolean());
// Whatever stands there, of its type or not: stores keep what others have written.
const stored = fc.oneof(texts, lists, numbers, fc.constant({ a: 'a' }));
const names = ['description', 'globalAssetId', 'resourceId', 'tags', 'groups'] as const;
const valuesOf = (each: fc.Arbitrary<unknown>) =>
  fc.record(Object.fromEntries(names.map((name) => [name, each])), { requiredKeys: [] });
const values = valuesOf(stored);
const others = valuesOf(fc.oneof({ weight: 9, arbitrary: stored }, fc.constant('a'.repeat(70_000))));
const condition = fc.record<Condition>({
  operator: fc.constantFrom(...operators),
  path: fc.oneof(...names.map((name) => fc.constant([name])), fc.constant(['extensions', 'a'])),
  values: fc.array(fc.oneof(words, fc.constant('1')), { minLength: 1, maxLength: 3 }),
});
const filters = fc.oneof(
  condition,
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: condition },
        fc.array(condition, { minLength: 1 }).map((any) => ({ any })),
      ),
      { maxLength: 6 },
    )
    .map((all): Filter => ({ all })),
);
/** What a row has from then on, if it is there. */
const changes = fc.array(fc.tuple(fc.nat(600), fc.option(others, { nil: undefined }), fc.boolean()), { maxLength: 12 });
const steps = fc.array(fc.tuple(changes, filters, fc.constantFrom(everything, scopeOf('red'))), { maxLength: 6 });

function rowOf(number: number, value: Value, parsed = false): Row {
  const made = row(`${number}`, value, { tenant: [null, 'red', 'blue'][number % 3]! });
  return parsed ? made : new UnparsedRow({ ...made, projection: 'p', json: JSON.stringify(value) });
}

/** Two blocks and some. Its indexes are postponed, so that every filter is answered by a scan. */
async function kindOf(all: readonly Value[]): Promise<Kind> {
  const kind = new Kind(objects.Resource);
  for (let number = 0; number < 520; number += 1) kind.add(rowOf(number, all[number % all.length]!));
  await kind.arrange(() => Promise.resolve());
  return kind;
}

test('a scan finds what the filter says of each row, whatever came, changed and went since the one before', async () => {
  const begun = fc.array(values, { minLength: 1, maxLength: 3 });
  const property = fc.asyncProperty(begun, steps, async (first, then) => {
    const kind = await kindOf(first);
    const view = { turns: scanTurns(), kind: () => kind } as unknown as View;
    for (const [changed, filter, scope] of then) {
      for (const [number, value, parsed] of changed) {
        if (value) kind.set(rowOf(number, value, parsed));
        else kind.delete(`${number}`);
      }
      const plan = planOf(view, scope, { object: 'Resource', filter });
      expect(plan.whole).toBe(true);
      const found = new Set<Row>();
      await scanAll(plan, (each) => found.add(each), undefined);
      const holds = compileFilter(objects.Resource, filter);
      const wrong = kind.unordered.filter(
        (each) => each && found.has(each) !== (sees(scope, each.tenant) && holds(each.value)),
      );
      expect(wrong).toEqual([]);
    }
  });
  await fc.assert(property);
});
