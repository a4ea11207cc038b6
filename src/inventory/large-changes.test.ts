import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { entry, write } from './testing/rows.js';
import { ViewState } from './view-state.js';

test('a view comes to the end of a log whose changes are so large that each read gives a few', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const state = new ViewState(store);
  await state.load();
  const value = { resourcePoolId: 'p', description: 'x'.repeat(1024 * 1024), tags: [], elements: [] };
  await write(
    store,
    Array.from({ length: 20 }, (_each, index) => entry(`${index}`, value)),
  );
  expect(await state.catchUp()).toBe('read');
  expect(state.position).toStrictEqual(await store.head());
  await store.close();
});
