import { describe, expect, test } from '@jest/globals';
import { origin, type Position } from '#schema/position.js';
import type { Append, Store } from '#platform/store/store.js';
import { collect, entry, find, readAll, state, write, writeOne, type Open } from './fixtures.js';

/** Everything a refused append must leave as it was. */
async function everything(store: Store) {
  const { head, marks, objects } = await store.snapshot();
  return { head, marks: [...marks], objects: await collect(objects), cursor: await store.cursorOf('east') };
}

export function stateContract(open: Open): void {
  describe('objects', () => {
    test('stand at their last change', async () => {
      const { store } = await open();
      await writeOne(store, entry('created', 'a', { n: 1 }));
      const moved = { tenant: 't1', instance: 'west', identity: 'other', projection: 'p2', nativeVersion: '9' };
      const position = await writeOne(store, entry('restated', 'a', { n: 2 }, moved));
      expect(await find(store, 'a')).toStrictEqual({ ...state('a', { n: 2 }, moved), position });
      await writeOne(store, entry('deleted', 'a', { n: 2 }, moved));
      expect(await find(store, 'a')).toBeUndefined();
    });

    test('are answered in the order asked', async () => {
      const { store } = await open();
      await write(store, { entries: ['a', 'b'].map((id) => entry('created', id, {})) });
      await writeOne(store, entry('created', 'a', { other: true }, { object: 'Resource' }));
      const keys = ['b', 'absent', 'a', 'b'].map((id) => ({ object: 'ResourcePool', id }));
      const found = await store.objects([...keys, { object: 'Resource', id: 'a' }]);
      expect(found.map((one) => one && `${one.object} ${one.id}`)).toStrictEqual([
        'ResourcePool b',
        undefined,
        'ResourcePool a',
        'ResourcePool b',
        'Resource a',
      ]);
    });

    test('deleted and recreated in one batch are there', async () => {
      const { store } = await open();
      await writeOne(store, entry('created', 'a', { n: 1 }));
      const again = entry('created', 'a', { n: 2 });
      const { positions } = await write(store, { entries: [entry('deleted', 'a', { n: 1 }), again] });
      expect(await find(store, 'a')).toStrictEqual({ ...state('a', { n: 2 }), position: positions[1] });
    });

    test('take a newer native version at their old position', async () => {
      const { store } = await open();
      const position = await writeOne(store, entry('created', 'a', { n: 1 }, { nativeVersion: '1' }));
      const refreshed = { ...state('a', { n: 1 }, { nativeVersion: '2', projection: 'p2' }), position };
      expect(await write(store, { entries: [], refreshed: [refreshed] })).toMatchObject({
        positions: [],
        head: position,
      });
      expect(await find(store, 'a')).toStrictEqual(refreshed);
      expect(await readAll(store)).toHaveLength(1);
    });

    test('that moved on or are gone are not refreshed', async () => {
      const { store } = await open();
      const old = await writeOne(store, entry('created', 'a', { n: 1 }, { nativeVersion: '1' }));
      const position = await writeOne(store, entry('modified', 'a', { n: 2 }, { nativeVersion: '3' }));
      const late = ['a', 'b'].map((id) => ({ ...state(id, { n: 1 }, { nativeVersion: '2' }), position: old }));
      await write(store, { entries: [], refreshed: late });
      expect(await find(store, 'a')).toStrictEqual({ ...state('a', { n: 2 }, { nativeVersion: '3' }), position });
      expect(await find(store, 'b')).toBeUndefined();
    });

    test('of one instance come in chunks', async () => {
      const { store } = await open();
      const ids = Array.from({ length: 1203 }, (_, n) => `e${n}`);
      await write(store, { entries: ids.map((id) => entry('created', id, {})) });
      await write(store, { entries: ['w1', 'w2'].map((id) => entry('created', id, {}, { instance: 'west' })) });
      const idsOf = async (instance: string) => (await collect(store.objectsOf(instance))).map(({ id }) => id).sort();
      expect(await idsOf('east')).toStrictEqual(ids.sort());
      expect(await idsOf('west')).toStrictEqual(['w1', 'w2']);
      expect(await idsOf('north')).toStrictEqual([]);
    });
  });

  describe('append', () => {
    test('keeps marks and the cursor with the batch', async () => {
      const { store } = await open();
      const [a, b] = [entry('created', 'a', {}, {}, ['all', 'of-a']), entry('created', 'b', {}, {}, ['all'])];
      const { positions } = await write(store, {
        entries: [a, b],
        cursor: { instance: 'east', cursor: { pods: '7' } },
      });
      const { head, marks } = await store.snapshot();
      expect(head).toStrictEqual(positions[1]);
      expect(marks).toStrictEqual(new Map(Object.entries({ all: positions[1]!, 'of-a': positions[0]! })));
      expect(await store.cursorOf('east')).toStrictEqual({ pods: '7' });
      expect(await store.cursorOf('west')).toBeUndefined();
    });

    test('moves a cursor without an entry', async () => {
      const { store } = await open();
      const cursor = { pods: '8', nodes: '9' };
      const appended = await store.append({ entries: [], cursor: { instance: 'east', cursor } });
      expect(appended).toStrictEqual({ outcome: 'appended', positions: [], head: origin });
      expect(await store.cursorOf('east')).toStrictEqual(cursor);
    });

    const full = (more: Partial<Append>, position: Position): Append => ({
      entries: [entry('modified', 'a', { n: 9 }, {}, ['all', 'new']), entry('created', 'z', {})],
      refreshed: [{ ...state('b', {}, { nativeVersion: '99' }), position }],
      cursor: { instance: 'east', cursor: { pods: '99' } },
      ...more,
    });
    const prepare = async () => {
      const { store } = await open();
      const entries = ['a', 'b', 'c'].map((id) => entry('created', id, {}, {}, ['all']));
      const { positions } = await write(store, { entries, cursor: { instance: 'east', cursor: { pods: '1' } } });
      const [a, b, c] = positions as [Position, Position, Position];
      return { store, a, b, c };
    };

    test.each<[string, string[], (at: { a: Position; b: Position; c: Position }) => [string, Position | undefined][]]>([
      [
        'an object that moved',
        ['b'],
        ({ a, c }) => [
          ['a', a],
          ['b', c],
        ],
      ],
      ['another tag at its place', ['a'], ({ a }) => [['a', { ...a, tag: 'zz' }]]],
      [
        'an object that is there and should not be',
        ['c'],
        ({ a }) => [
          ['c', undefined],
          ['a', a],
        ],
      ],
      ['an object that is absent and should not be', ['z'], ({ b }) => [['z', b]]],
      [
        'several of them',
        ['a', 'x'],
        ({ a, b }) => [
          ['a', b],
          ['b', b],
          ['x', a],
          ['y', undefined],
        ],
      ],
    ])('refuses %s, whole', async (_, ids, expected) => {
      const { store, ...at } = await prepare();
      const before = await everything(store);
      const appended = await store.append(full({ expect: new Map(expected(at)) }, at.b));
      expect(appended).toMatchObject({ outcome: 'conflict' });
      expect('ids' in appended && [...appended.ids].sort()).toStrictEqual(ids);
      expect(await everything(store)).toStrictEqual(before);
    });

    test('writes when everything stands where it should', async () => {
      const { store, a, b } = await prepare();
      const expected = new Map([
        ['a', a],
        ['b', b],
        ['z', undefined],
      ]);
      const { positions } = await write(store, full({ expect: expected }, b));
      expect((await find(store, 'a'))?.position).toStrictEqual(positions[0]);
      expect((await find(store, 'b'))?.nativeVersion).toBe('99');
      expect((await store.snapshot()).marks.get('new')).toStrictEqual(positions[0]);
    });

    test('one of many that expect the same wins', async () => {
      const { store, a } = await prepare();
      const attempts = Array.from({ length: 20 }, (_, n) =>
        store.append({ entries: [entry('modified', 'a', { n })], expect: new Map([['a', a]]) }),
      );
      const outcomes = (await Promise.all(attempts)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'appended')).toHaveLength(1);
      expect(await readAll(store)).toHaveLength(4);
      expect((await find(store, 'a'))?.value).toStrictEqual({ n: outcomes.indexOf('appended') });
    });

    test('is fenced off, whole, by anything but the lease as it is held now', async () => {
      const { store, b } = await prepare();
      const before = await everything(store);
      const mine = (await store.lease('watch/east', 'me', 60_000))!;
      const refusedFor = [
        { ...mine, epoch: mine.epoch + 1 },
        { ...mine, epoch: mine.epoch - 1 },
        { ...mine, holder: 'you' },
        { ...mine, name: 'watch/west' },
      ];
      for (const fence of refusedFor)
        expect(await store.append(full({ fence }, b))).toStrictEqual({ outcome: 'fenced' });
      expect(await everything(store)).toStrictEqual(before);
      await write(store, full({ fence: mine }, b));
      await store.release(mine);
      expect(await store.append(full({ fence: mine }, b))).toStrictEqual({ outcome: 'fenced' });
      await store.lease('watch/east', 'you', 60_000);
      expect(await store.append(full({ fence: mine }, b))).toStrictEqual({ outcome: 'fenced' });
    });
  });
}
