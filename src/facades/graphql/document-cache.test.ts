import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { documentCache } from './document-cache.js';

/** About 10 MB of memory, as they are counted. */
const text = (n: number) => `{ a${n} } # ${'x'.repeat(60_000)}`;

test('documents are kept up to a bound: those that were asked for last', async () => {
  const { store, find } = documentCache();
  for (let n = 0; n < 3; n += 1) await store.set(`key ${n}`, parse(text(n)));
  expect([0, 1, 2].map((n) => find(text(n)) !== undefined)).toEqual([true, true, true]);
  find(text(0));
  await store.set('key 3', parse(text(3)));
  expect([0, 1, 2, 3].map((n) => find(text(n)) !== undefined)).toEqual([true, false, true, true]);
  expect(await store.get('key 1')).toBeUndefined();
});

test('one that is larger than the bound is not kept', async () => {
  const { store, find } = documentCache();
  const large = `${text(0)}${'x'.repeat(200_000)}`;
  await store.set('key', parse(large));
  expect(find(large)).toBeUndefined();
});
