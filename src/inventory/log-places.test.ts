import { afterEach, describe, expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { exchangeableStore } from './testing/exchangeable-store.js';
import { entry, write } from './testing/rows.js';
import { openView, type View } from './view.js';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** Counts reads of one entry, and may hold them back. */
function counted(store: Store) {
  const counts = { reads: 0, go: Promise.resolve() };
  const read: Store['read'] = async (from, limit) => {
    if (limit > 1) return store.read(from, limit);
    counts.reads += 1;
    await counts.go;
    return store.read(from, limit);
  };
  return {
    counts,
    store: new Proxy(store, { get: (of, name: keyof Store) => (name === 'read' ? read : of[name].bind(of)) }),
  };
}

async function memory(): Promise<Store> {
  const store = await openEmbeddedStore({ memory: true });
  opened.push(() => store.close());
  return store;
}

async function viewOf(store: Store): Promise<View> {
  const view = await openView(store, () => undefined);
  opened.unshift(() => view.stop());
  return view;
}

const append = async (store: Store, id: string): Promise<Position> => {
  await write(store, [entry(id, { resourcePoolId: 'p', description: id, tags: [], elements: [] })]);
  return store.head();
};
const lost = { code: 'UNAVAILABLE', message: expect.stringContaining('lost this change') };
const instead = { seq: 2, tag: 'lost' };

describe('a view that was opened after a failover', () => {
  test('has not come to a place that the log lost before, and has come to what stands there', async () => {
    const store = await memory();
    const places = [await append(store, '1'), await append(store, '2'), await append(store, '3')];
    const view = await viewOf(store);
    expect(view.has(instead)).toBe(false);
    await expect(view.reached(instead)).rejects.toMatchObject(lost);
    for (const place of places) await view.reached(place);
    await view.reached({ seq: 0, tag: '0' });
  });

  test('counts as reached what was trimmed', async () => {
    const store = await memory();
    for (const id of ['1', '2', '3', '4']) await append(store, id);
    await store.trim({ hours: 24, bytes: 0 });
    const view = await viewOf(store);
    await append(store, '5');
    await view.reached(instead);
    await view.reached({ ...instead, tag: 'another' });
  });

  test('asks once for all who ask for the same place, and never for what it remembers', async () => {
    const { store, counts } = counted(await memory());
    for (const id of ['1', '2', '3']) await append(store, id);
    const view = await viewOf(store);
    const place = await append(store, '4');
    await view.reached(place);
    await view.reached(place);
    expect([view.has(place), counts.reads]).toEqual([true, 0]);
    const asked = await Promise.allSettled(Array.from({ length: 50 }, () => view.reached(instead)));
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(counts.reads).toBe(1);
  });

  test('remembers what it was told, and takes something else there for lost', async () => {
    const { store, counts } = counted(await memory());
    const places = [await append(store, '1'), await append(store, '2'), await append(store, '3')];
    const view = await viewOf(store);
    for (let time = 0; time < 3; time += 1) await view.reached(places[1]!);
    // The place, and whether the view is of this log.
    expect([view.has(places[1]!), counts.reads]).toEqual([true, 2]);
    await expect(view.reached(instead)).rejects.toMatchObject(lost);
    expect(counts.reads).toBe(2);
  });

  test('waits no longer than who asks', async () => {
    const { store, counts } = counted(await memory());
    for (const id of ['1', '2', '3']) await append(store, id);
    const view = await viewOf(store);
    let go = (): void => undefined;
    counts.go = new Promise((resolve) => (go = resolve));
    const left = new AbortController();
    const asked = [view.reached(instead, left.signal), view.reached(instead, AbortSignal.abort(new Error('Gone.')))];
    left.abort(new Error('Left.'));
    await expect(asked[0]).rejects.toThrow('Left.');
    await expect(asked[1]).rejects.toThrow('Gone.');
    go();
  });
});

test('a view of a log that was rewritten from before all it remembers does not say that it has come to the new one', async () => {
  const { store, keep, cut, remove, wake } = await exchangeableStore();
  opened.push(remove);
  await keep();
  for (const id of ['1', '2', '3']) await append(store, id);
  const view = await viewOf(store);
  await cut();
  const place = await append(store, 'a');
  await append(store, 'b');
  await expect(view.reached(place)).rejects.toMatchObject({ code: 'UNAVAILABLE', detail: { retryAfter: 1 } });
  wake();
  while (view.position().tag !== (await store.head()).tag) await new Promise(setImmediate);
  await view.reached(place);
});
