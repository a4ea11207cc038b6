import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from './change.js';
import { mergePatchBetween, patched } from './merge-patch.js';

const key = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'toString');
const leaf = fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ max: 3 }), fc.boolean(), fc.array(fc.nat(2)));
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc
    .array(fc.tuple(key, fc.oneof({ depthSize: 'small' }, leaf, tie('value'))), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
}));

test('a patch leads from one value to the other, whatever its keys are called', () => {
  fc.assert(
    fc.property(value, value, (from, to) => {
      const patch = JSON.parse(JSON.stringify(mergePatchBetween(from, to))) as Value;
      expect(JSON.stringify(sorted(patched(from, patch)))).toBe(JSON.stringify(sorted(to)));
    }),
    { numRuns: 1000 },
  );
});

function sorted(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return found;
  const entries = Object.entries(found).map(([name, member]) => [name, sorted(member)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('a patch leaves both values as they were, and shares what it does not touch', () => {
  const from: Value = Object.freeze({ kept: Object.freeze({ x: 1 }), gone: 1, part: Object.freeze({ a: 1, b: 2 }) });
  const to = patched(from, { gone: null, part: { a: null, c: [3] }, made: { deep: { x: 1, none: null } } });
  expect(to).toEqual({ kept: { x: 1 }, part: { b: 2, c: [3] }, made: { deep: { x: 1 } } });
  expect(to['kept']).toBe(from['kept']);
});
