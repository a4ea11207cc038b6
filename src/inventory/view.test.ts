import { setImmediate as nextTurn } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StoredObject } from '#schema/change.js';
import { objectNames } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { parsed } from '#platform/store/parsed.js';
import type { Snapshot, Store } from '#platform/store/store.js';
import { rowsOf } from './page.js';
import { exchangeableStore } from './testing/exchangeable-store.js';
import { entry, everything, scopeOf, write } from './testing/rows.js';
import { openView, type View } from './view.js';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function memory(): Promise<Store> {
  const store = await openEmbeddedStore({ memory: true });
  opened.push(() => store.close());
  return store;
}

async function viewOf(store: Store, rewritten?: () => void): Promise<View> {
  const view = await openView(
    store,
    (_message, error) => {
      throw error;
    },
    rewritten,
  );
  opened.unshift(() => Promise.resolve(view.stop()));
  return view;
}

const resource = (pool: string, text: string) => ({ resourcePoolId: pool, description: text, tags: [], elements: [] });

function contents(view: View): Map<string, unknown> {
  const rows = objectNames.flatMap((object) =>
    view
      .kind(object)
      .all.visible(everything)
      .flatMap((list) => [...rowsOf([...list.runs(undefined)])]),
  );
  return new Map(
    rows.map(({ object, id, tenant, value, position }) => [`${object} ${id}`, { tenant, value, position }]),
  );
}

async function contentsOf(store: Store): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for await (const chunk of (await store.snapshot()).objects) {
    for (const { object, id, tenant, value, position } of chunk.map(parsed)) {
      all.set(`${object} ${id}`, { tenant, value, position });
    }
  }
  return all;
}

/** The marks of all lists that there may be, against the store's. */
async function expectMarks(view: View, store: Store): Promise<void> {
  const { marks } = await store.snapshot();
  for (const pool of [undefined, 'p', 'q', 'r']) {
    const name = pool === undefined ? 'Resource' : `Resource/${pool}`;
    expect([name, view.mark(everything, 'Resource', pool)]).toEqual([name, marks.get(name) ?? { seq: 0, tag: '0' }]);
    for (const tenant of ['red', 'blue']) {
      const [shared, own] = [marks.get(`${name}#`)?.seq ?? 0, marks.get(`${name}#${tenant}`)?.seq ?? 0];
      expect(view.mark(scopeOf(tenant), 'Resource', pool).seq).toBe(Math.max(shared, own));
    }
  }
}

const step = fc.record({
  id: fc.constantFrom('1', '2', '3', '4'),
  gone: fc.boolean(),
  pool: fc.constantFrom('p', 'q', 'r'),
  tenant: fc.constantFrom(null, 'red'),
  turns: fc.nat(2),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function apply(store: Store, steps: readonly Step[]): Promise<void> {
  for (const { id, gone, pool, tenant, turns } of steps) {
    const [before] = await store.objects([{ object: 'Resource', id }]);
    if (!gone || before)
      await write(store, [entry(id, gone ? undefined : resource(pool, `${pool} ${turns}`), { tenant }, before)]);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  }
}

/** A store whose snapshot comes an object at a time and twice, with turns between, so that the log goes on under it. */
function slow(store: Store): Store {
  async function* singly(chunks: Snapshot['objects']): AsyncGenerator<readonly StoredObject[]> {
    await nextTurn();
    for await (const chunk of chunks) {
      for (const { object, id } of [...chunk, ...chunk]) {
        await nextTurn();
        const [now] = await store.objects([{ object, id }]);
        if (now) yield [now];
      }
    }
  }
  return {
    ...store,
    async snapshot() {
      const { objects, ...rest } = await store.snapshot();
      return { ...rest, objects: singly(objects) };
    },
  };
}

describe('a view that is opened while the log goes on', () => {
  test('is the store in the end, its marks included', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(step, { maxLength: 30 }),
      async (before, meanwhile) => {
        const store = await openEmbeddedStore({ memory: true });
        await apply(store, before);
        const writing = apply(store, meanwhile);
        const view = await openView(slow(store), (_message, error) => {
          throw error;
        });
        const seen = view.position();
        await writing;
        await view.reached(await store.head());
        expect(view.position().seq).toBeGreaterThanOrEqual(seen.seq);
        expect(contents(view)).toEqual(await contentsOf(store));
        await expectMarks(view, store);
        view.stop();
        await store.close();
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('a view', () => {
  test('shows an object, and what is nested in it, to whom they are visible', async () => {
    const store = await memory();
    const part = { resourceId: 'part', description: 'CPU', elements: [{ resourceId: 'core', elements: [] }] };
    await write(store, [entry('1', { ...resource('p', 'x'), elements: [part] }, { tenant: 'red' })]);
    const view = await viewOf(store);
    for (const id of ['1', 'part', 'core']) {
      expect(view.get(scopeOf('red'), 'Resource', id)).toMatchObject({ id, tenant: 'red' });
      expect(view.get(scopeOf('blue'), 'Resource', id)).toBeUndefined();
    }
    expect(view.get(everything, 'Resource', 'part')).toBe(view.get(everything, 'Resource', 'part'));
    expect(view.get(everything, 'Resource', 'part')?.value).toMatchObject({ description: 'CPU' });
    expect(view.get(everything, 'Resource', 'none')).toBeUndefined();
    expect(() => view.kind('Nothing')).toThrow("The view holds no 'Nothing'.");
  });

  test('moves the marks of the lists a change touches, and no others', async () => {
    const store = await memory();
    await write(store, [
      entry('1', resource('p', 'x'), { tenant: 'red' }),
      entry('2', resource('q', 'x'), { tenant: 'blue' }),
    ]);
    const view = await viewOf(store);
    const marks = () => ({
      all: view.mark(everything, 'Resource').seq,
      red: view.mark(scopeOf('red'), 'Resource').seq,
      blue: view.mark(scopeOf('blue'), 'Resource').seq,
      p: view.mark(everything, 'Resource', 'p').seq,
      q: view.mark(everything, 'Resource', 'q').seq,
      pools: view.mark(everything, 'ResourcePool').seq,
    });
    expect(marks()).toEqual({ all: 2, red: 1, blue: 2, p: 1, q: 2, pools: 0 });
    const [before] = await store.objects([{ object: 'Resource', id: '1' }]);
    await write(store, [entry('1', resource('q', 'x'), { tenant: 'red' }, before)]);
    await view.reached(await store.head());
    expect(marks()).toEqual({ all: 3, red: 3, blue: 2, p: 3, q: 3, pools: 0 });
  });

  test('is reached when it is, and keeps nothing of those who no longer wait', async () => {
    const { store, wake } = await exchangeable();
    const view = await viewOf(store);
    const { signal } = new AbortController();
    await write(store, [entry('1', resource('p', 'x')), entry('2', resource('p', 'x'))]);
    const later = await store.head();
    expect([later.seq, view.has(later)]).toEqual([2, false]);
    const waits = [view.reached(later, signal), view.reached(later)];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    wake();
    await Promise.all(waits);
    expect(view.has(later)).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const left = new AbortController();
    const given = view.reached({ seq: 9, tag: 'x' }, left.signal);
    left.abort(new Error('Left.'));
    await expect(given).rejects.toThrow('Left.');
    await expect(view.reached({ seq: 9, tag: 'x' }, AbortSignal.abort(new Error('Gone.')))).rejects.toThrow('Gone.');
    expect(getEventListeners(left.signal, 'abort')).toHaveLength(0);
  });

  test('stays where it is while the store cannot be read, and says so', async () => {
    const store = await memory();
    const errors: unknown[] = [];
    let fails = false;
    const flaky: Store = {
      ...store,
      read: (from, limit) => (fails ? Promise.reject(new Error('away')) : store.read(from, limit)),
    };
    const view = await openView(flaky, (_message, error) => errors.push(error));
    opened.unshift(() => Promise.resolve(view.stop()));
    fails = true;
    await write(store, [entry('1', resource('p', 'x'))]);
    while (errors.length === 0) await nextTurn();
    expect(view.position().seq).toBe(0);
    const { since } = view.away()!;
    const failed = errors.length;
    await write(store, [entry('3', resource('p', 'x'))]);
    while (errors.length === failed) await nextTurn();
    expect(view.away()).toEqual({ since, error: errors.at(-1) });
    fails = false;
    await write(store, [entry('2', resource('p', 'x'))]);
    await view.reached(await store.head());
    expect(view.kind('Resource').size).toBe(3);
    while (view.away()) await nextTurn();
  });
});

/** Exchanged under those who use it, as a failover does. */
async function exchangeable() {
  const { remove, ...exchanged } = await exchangeableStore();
  opened.unshift(remove);
  return exchanged;
}

describe('a log whose tail was cut under the view', () => {
  test.each([
    ['shorter than before', 0],
    ['and appended past where the view stands', 5],
  ])('%s is noticed: everything is read anew', async (_, appended) => {
    const { store, wake, keep, cut } = await exchangeable();
    await write(store, [entry('1', resource('p', 'kept')), entry('2', resource('q', 'kept'))]);
    await keep();
    let rewritten = 0;
    const view = await viewOf(store, () => (rewritten += 1));
    const kept = view.get(everything, 'Resource', '1');
    await write(store, [
      entry('2', resource('r', 'lost'), {}, (await store.objects([{ object: 'Resource', id: '2' }]))[0]),
      entry('3', resource('p', 'lost')),
    ]);
    wake();
    await view.reached(await store.head());
    expect(view.get(everything, 'Resource', '3')).toBeDefined();
    await cut();
    for (let number = 0; number < appended; number += 1)
      await write(store, [entry(`new-${number}`, resource('p', 'new'))]);
    wake();
    while (rewritten === 0) await nextTurn();
    expect(contents(view)).toEqual(await contentsOf(store));
    await expectMarks(view, store);
    expect(view.get(everything, 'Resource', '1')).toBe(kept);
    expect(view.position()).toEqual(await store.head());
  });

  /** Appends one entry, without waking anybody up; returns where it stands. */
  const silently = async (store: Store, id: string): Promise<Position> => {
    await write(store, [entry(id, resource('p', id))]);
    return store.head();
  };
  const lost = { code: 'UNAVAILABLE', message: expect.stringContaining('lost this change') };

  test('has not come to what was lost when it has come to what took its place, whether it had read it or not', async () => {
    const { store, wake, keep, cut } = await exchangeable();
    const kept = await silently(store, '1');
    await keep();
    const view = await viewOf(store);
    const read = await silently(store, 'lost');
    wake();
    await view.reached(read);
    const unread = await silently(store, 'lost, too');
    await cut();
    const instead = [await silently(store, 'a'), await silently(store, 'b'), await silently(store, 'c')];
    wake();
    await Promise.all(instead.map((place) => view.reached(place)));
    expect([kept, ...instead, read, unread].map((place) => view.has(place))).toEqual([
      ...[true, true, true, true],
      ...[false, false],
    ]);
    for (const place of [read, unread]) await expect(view.reached(place)).rejects.toMatchObject(lost);
  });

  test('has come to what took its place when it shows that', async () => {
    const { store, wake, keep, cut } = await exchangeable();
    await keep();
    const view = await viewOf(store);
    const read = await silently(store, 'lost');
    wake();
    await view.reached(read);
    await cut();
    const instead = await silently(store, 'instead');
    expect(instead.seq).toBe(read.seq);
    const [reached] = await Promise.allSettled([view.reached(instead)]);
    expect(reached.status).toBe('fulfilled');
    expect(view.get(everything, 'Resource', 'instead')).toBeDefined();
    await expect(view.reached(read)).rejects.toMatchObject(lost);
  });

  test('releases those who wait for what was lost, with a fault', async () => {
    const { store, wake, keep, cut } = await exchangeable();
    await write(store, [entry('1', resource('p', 'kept'))]);
    await keep();
    const view = await viewOf(store);
    await write(store, [entry('2', resource('p', 'lost'))]);
    wake();
    await view.reached(await store.head());
    const waiting = view.reached({ seq: 3, tag: 'x' });
    await cut();
    wake();
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
