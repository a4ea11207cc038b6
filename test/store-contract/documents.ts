import { describe, expect, test } from '@jest/globals';
import type { DocumentRange } from '#platform/store/store.js';
import { entry, eventually, find, readAll, writeOne, type Open } from './fixtures.js';

export function documentContract(open: Open): void {
  describe('documents', () => {
    test('wake up those who listen to appends, when told to', async () => {
      const { store } = await open();
      let woken = 0;
      const stop = store.onAppend(() => (woken += 1));
      const revision = await store.put('tenant', 't1', {}, 0, { loose: true });
      expect(woken).toBe(0);
      await store.put('tenant', 't1', {}, revision!, { loose: true, wake: true });
      await eventually(async () => woken || undefined);
      stop();
    });

    test('have another revision after every write', async () => {
      const { store } = await open();
      expect(await store.get('tenant', 't1')).toBeUndefined();
      const first = await store.put('tenant', 't1', { name: 'one' }, 0);
      const second = await store.put('tenant', 't1', { name: 'två' }, first!);
      expect([Number.isSafeInteger(first), Number.isSafeInteger(second), second === first]).toEqual([
        true,
        true,
        false,
      ]);
      const expected = { kind: 'tenant', id: 't1', revision: second, value: { name: 'två' } };
      expect(await store.get('tenant', 't1')).toStrictEqual(expected);
    });

    test('are refused at any other revision', async () => {
      const { store } = await open();
      expect(await store.put('tenant', 't1', {}, 1)).toBeUndefined();
      const former = (await store.put('tenant', 't1', {}, 0))!;
      const revision = (await store.put('tenant', 't1', { kept: true }, former))!;
      for (const stale of [0, former, revision + 1]) {
        expect(await store.put('tenant', 't1', {}, stale)).toBeUndefined();
        expect(await store.remove('tenant', 't1', stale)).toBe(false);
      }
      expect((await store.get('tenant', 't1'))?.value).toStrictEqual({ kept: true });
    });

    test('are removed at their revision and begin anew, at none that anybody may still hold', async () => {
      const { store } = await open();
      expect(await store.remove('tenant', 't1', 1)).toBe(false);
      const held: number[] = [];
      for (let life = 0; life < 20; life += 1) {
        const made = (await store.put('tenant', 't1', { life }, 0))!;
        for (const stale of held) {
          expect(await store.put('tenant', 't1', {}, stale)).toBeUndefined();
          expect(await store.remove('tenant', 't1', stale)).toBe(false);
        }
        const changed = (await store.put('tenant', 't1', { life, changed: true }, made))!;
        held.push(made, changed);
        expect(await store.remove('tenant', 't1', changed)).toBe(true);
        expect(await store.get('tenant', 't1')).toBeUndefined();
      }
      expect(new Set(held).size).toBe(held.length);
    });

    test('are listed by kind', async () => {
      const { store } = await open();
      for (const id of ['b', 'a', 'c']) await store.put('tenant', id, { id }, 0);
      const revision = await store.put('work', 'a', {}, 0);
      expect((await store.list('tenant')).map(({ id }) => id).sort()).toStrictEqual(['a', 'b', 'c']);
      expect(await store.list('work')).toStrictEqual([{ kind: 'work', id: 'a', revision, value: {} }]);
      expect(await store.list('nothing')).toStrictEqual([]);
    });

    test('are counted, and their ids listed, as they are listed themselves', async () => {
      const { store } = await open();
      const ids = ['a/1', 'a/2', 'ab', 'b/1', 'å/1'];
      for (const id of ids.toReversed()) await store.put('letter', id, {}, 0);
      for (const range of [
        {},
        { prefix: 'a/' },
        { after: 'a/2' },
        { prefix: 'a', after: 'a/1', limit: 1 },
        { limit: 2 },
      ])
        expect(await store.ids('letter', range)).toStrictEqual((await store.list('letter', range)).map(({ id }) => id));
      expect(await Promise.all(['', 'a/', 'a', 'å', 'c'].map((prefix) => store.count('letter', prefix)))).toStrictEqual(
        [5, 2, 3, 1, 0],
      );
      expect(await store.count('nothing', '')).toBe(0);
    });

    test('are listed by range: prefix, behind an id, so many', async () => {
      const { store } = await open();
      const ids = ['a/1', 'a/2', 'a/3', 'ab', 'b/1', 'å/1', 'å/2'];
      for (const id of ids.toReversed()) await store.put('letter', id, {}, 0);
      const listed = async (range: DocumentRange) => (await store.list('letter', range)).map(({ id }) => id);
      expect(await listed({})).toStrictEqual(ids);
      expect(await listed({ prefix: 'a/' })).toStrictEqual(['a/1', 'a/2', 'a/3']);
      expect(await listed({ prefix: 'a/', after: 'a/1', limit: 1 })).toStrictEqual(['a/2']);
      expect(await listed({ prefix: 'å/', limit: 5 })).toStrictEqual(['å/1', 'å/2']);
      expect(await listed({ after: 'b/1' })).toStrictEqual(['å/1', 'å/2']);
      expect(await listed({ prefix: 'c' })).toStrictEqual([]);
    });

    test('are not written by who no longer holds the lease', async () => {
      const { store } = await open();
      const mine = (await store.lease('shard/1', 'me', 60_000))!;
      const first = (await store.put('place', 's', { at: 1 }, 0, { fence: mine, loose: true }))!;
      await store.release(mine);
      const yours = (await store.lease('shard/1', 'you', 60_000))!;
      expect(await store.put('place', 's', { at: 2 }, first, { fence: mine, loose: true })).toBeUndefined();
      expect(await store.remove('place', 's', first, { fence: mine })).toBe(false);
      expect((await store.get('place', 's'))?.value).toStrictEqual({ at: 1 });
      const second = (await store.put('place', 's', { at: 2 }, first, { fence: yours }))!;
      expect(await store.remove('place', 's', second, { fence: yours })).toBe(true);
    });

    test('let one of many writers of a revision through', async () => {
      const { store } = await open();
      const first = (await store.put('work', 'w', { by: -1 }, 0))!;
      const revisions = await Promise.all(Array.from({ length: 20 }, (_, by) => store.put('work', 'w', { by }, first)));
      const written = revisions.filter((revision) => revision !== undefined);
      expect(written).toHaveLength(1);
      const by = revisions.indexOf(written[0]);
      expect(await store.get('work', 'w')).toMatchObject({ value: { by }, revision: written[0] });
    });
  });

  describe('opened again', () => {
    test('a store holds all of it, and the log goes on', async () => {
      const { store, reopen } = await open();
      const position = await writeOne(store, entry('created', 'a', { n: 1 }, {}, ['all']));
      await store.append({ entries: [], cursor: { instance: 'east', cursor: { pods: '3' } } });
      const revision = await store.put('tenant', 't1', { name: 'one' }, 0);
      const [object, change] = [await find(store, 'a'), await readAll(store)];
      const again = await reopen();
      expect(await again.head()).toStrictEqual(position);
      expect([await find(again, 'a'), await readAll(again)]).toStrictEqual([object, change]);
      expect((await again.snapshot()).marks.get('all')).toStrictEqual(position);
      expect(await again.cursorOf('east')).toStrictEqual({ pods: '3' });
      expect((await again.get('tenant', 't1'))?.revision).toBe(revision);
      expect((await writeOne(again, entry('modified', 'a', { n: 2 }))).seq).toBe(position.seq + 1);
    });

    test('what was asked for before closing is written', async () => {
      const { store, reopen } = await open();
      const [appended, put] = [
        store.append({ entries: [entry('created', 'a', {})] }),
        store.put('tenant', 't1', {}, 0),
      ];
      const again = await reopen();
      expect(await appended).toMatchObject({ outcome: 'appended' });
      expect(await find(again, 'a')).toBeDefined();
      expect(await again.get('tenant', 't1')).toMatchObject({ revision: await put });
    });
  });
}
