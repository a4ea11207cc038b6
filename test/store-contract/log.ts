import { describe, expect, test } from '@jest/globals';
import { origin } from '#schema/position.js';
import { entry, eventually, find, readAll, state, write, writeOne, type Open } from './fixtures.js';

const awkward = {
  text: 'quote " backslash \\ newline \n nul \u0000 separator \u2028 smile 🙂 half \ud83d',
  numbers: [0, -1, 0.1, 1e300, Number.MAX_SAFE_INTEGER],
  nothing: null,
  nested: { 'a.b': [{}, [], ''], tag: false },
};

export function logContract(open: Open): void {
  describe('log', () => {
    test('is empty at first', async () => {
      const { store } = await open();
      expect(await store.head()).toStrictEqual(origin);
      expect(await store.read(origin, 10)).toStrictEqual({ outcome: 'read', changes: [] });
    });

    test('gives consecutive positions, one tag a batch', async () => {
      const { store } = await open();
      const first = await write(store, { entries: [entry('created', 'a', {}), entry('created', 'b', {})] });
      const second = await write(store, { entries: [entry('modified', 'a', { n: 1 })] });
      const tags = [first.positions[0]!.tag, second.positions[0]!.tag];
      expect(first.positions).toStrictEqual([1, 2].map((seq) => ({ seq, tag: tags[0] })));
      expect(second.positions).toStrictEqual([{ seq: 3, tag: tags[1] }]);
      expect(tags[0]).toMatch(/^[0-9a-z]{1,16}$/);
      expect(tags[1]).not.toBe(tags[0]);
      expect([first.head, second.head]).toStrictEqual([first.positions[1], second.positions[0]]);
      expect(await store.head()).toStrictEqual(second.head);
    });

    test('reads back what was written, absent fields absent', async () => {
      const { store } = await open();
      const full = { tenant: 't1', nativeVersion: '17' };
      const created = { ...entry('created', 'a', awkward, full), baseline: true };
      const modified = { ...entry('modified', 'a', { n: 2 }), reversePatch: { n: null, ...awkward } };
      const { positions } = await write(store, { entries: [created, modified, entry('deleted', 'a', { n: 2 })] });
      const changes = await readAll(store);
      for (const { at } of changes) expect(new Date(at).toISOString()).toBe(at);
      const known = { object: 'ResourcePool', id: 'a', tenant: null, instance: 'east', baseline: false };
      expect(changes.map(({ at: _at, ...rest }) => rest)).toStrictEqual([
        {
          ...known,
          position: positions[0],
          change: 'created',
          tenant: 't1',
          baseline: true,
          after: { ...state('a', awkward, full), position: positions[0] },
        },
        {
          ...known,
          position: positions[1],
          change: 'modified',
          after: { ...state('a', { n: 2 }), position: positions[1] },
          reversePatch: { n: null, ...awkward },
        },
        { ...known, position: positions[2], change: 'deleted', reversePatch: { n: 2 } },
      ]);
    });

    test('is read in pages, after the place asked for', async () => {
      const { store } = await open();
      const { positions } = await write(store, { entries: [...'abcde'].map((id) => entry('created', id, {})) });
      const idsAfter = async (from: number, limit: number) =>
        (await readAll(store, from < 0 ? origin : positions[from], limit)).map(({ id }) => id).join('');
      expect(await idsAfter(-1, 2)).toBe('ab');
      expect(await idsAfter(1, 2)).toBe('cd');
      expect(await idsAfter(3, 2)).toBe('e');
      expect(await idsAfter(4, 2)).toBe('');
    });

    test('is read in pieces of 8 MiB, at least an entry each, and says when there is more', async () => {
      const { store } = await open();
      const text = 'x'.repeat(1024 * 1024);
      const sizes = [...Array<number>(20).fill(1), 9, 9, 1];
      for (const size of sizes) await writeOne(store, entry('created', `${size}`, { text: text.repeat(size) }));
      const [counts, ids, ended]: [number[], string[], boolean[]] = [[], [], []];
      for (let at = origin; ;) {
        const read = await store.read(at, 1000);
        if (read.outcome !== 'read') throw new Error(read.outcome);
        counts.push(read.changes.length);
        ids.push(...read.changes.map(({ id }) => id));
        ended.push(!read.more);
        if (!read.more) break;
        at = read.changes.at(-1)!.position;
      }
      expect(counts).toStrictEqual([7, 7, 6, 1, 1, 1]);
      expect(ids).toStrictEqual(sizes.map(String));
      expect(ended.indexOf(true)).toBe(5);
      expect(await store.read(origin, 7)).not.toHaveProperty('more');
    });

    test('knows a place of another log', async () => {
      const { store } = await open();
      expect(await store.read({ seq: 1, tag: 'a' }, 10)).toStrictEqual({ outcome: 'rewritten' });
      const head = await writeOne(store, entry('created', 'a', {}));
      for (const stranger of [
        { seq: head.seq, tag: `${head.tag.slice(1)}z` },
        { seq: head.seq + 1, tag: head.tag },
        { seq: 0, tag: head.tag },
      ]) {
        expect(await store.read(stranger, 10)).toStrictEqual({ outcome: 'rewritten' });
      }
    });

    test('keeps batches whole and apart when they come at once', async () => {
      const { store } = await open();
      const batches = Array.from({ length: 100 }, (_, batch) => [0, 1, 2].map((part) => `${batch}-${part}`));
      const written = await Promise.all(
        batches.map((ids) => write(store, { entries: ids.map((id) => entry('created', id, {})) })),
      );
      const changes = await readAll(store);
      expect(changes.map(({ position }) => position.seq)).toStrictEqual(changes.map((_, index) => index + 1));
      expect(new Set(changes.map(({ position }) => position.tag)).size).toBe(batches.length);
      for (const [index, { positions }] of written.entries()) {
        const first = positions[0]!.seq - 1;
        expect(changes.slice(first, first + 3).map(({ id }) => id)).toStrictEqual(batches[index]);
        expect(changes.slice(first, first + 3).map(({ position }) => position)).toStrictEqual(positions);
      }
    });

    test('an entry that cannot be stored fails alone', async () => {
      const { store } = await open();
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      const good = { change: 'created', baseline: false, marks: [] } as const;
      const lacking = { ...good, object: 'ResourcePool', id: 'c', tenant: null, instance: 'east' };
      const outcomes = await Promise.allSettled([
        store.append({ entries: [entry('created', 'a', {})] }),
        store.append({ entries: [entry('created', 'b', {}), entry('created', 'b2', circular)] }),
        store.append({ entries: [lacking] }),
        store.append({ entries: [entry('created', 'd', {})] }),
      ]);
      expect(outcomes.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect((await readAll(store)).map(({ id }) => id)).toStrictEqual(['a', 'd']);
      expect(await find(store, 'b')).toBeUndefined();
    });

    test('confirms what stands in the log, and nothing else', async () => {
      const { store } = await open();
      expect(await store.confirm(origin)).toBe(true);
      const appended = await store.append({ entries: [entry('created', 'a', {})] });
      const { head } = appended as Extract<typeof appended, { outcome: 'appended' }>;
      expect(await store.confirm(head)).toBe(true);
      expect(await store.confirm({ ...head, tag: 'other' })).toBe(false);
      expect(await store.confirm({ ...head, seq: head.seq + 1 })).toBe(false);
    });

    test('wakes who listens after every append, until told to stop', async () => {
      const { store } = await open();
      let [woken, other] = [0, 0];
      const stop = store.onAppend(() => (woken += 1));
      store.onAppend(() => (other += 1));
      await writeOne(store, entry('created', 'a', {}));
      await eventually(async () => woken || undefined);
      stop();
      const [before, after] = [woken, other];
      await writeOne(store, entry('created', 'b', {}));
      await eventually(async () => (other > after ? true : undefined));
      expect(woken).toBe(before);
    });
  });

  describe('trim', () => {
    const fill = async (open_: Open) => {
      const { store } = await open_();
      const positions = [];
      for (const id of 'abcdef')
        positions.push(await writeOne(store, entry('created', id, { text: 'x'.repeat(1000) })));
      return { store, positions, head: positions[5]! };
    };

    test('drops nothing inside the budget', async () => {
      const { store } = await fill(open);
      expect(await store.trim({ hours: 24, bytes: 2 ** 30 })).toBe(0);
      expect(await readAll(store)).toHaveLength(6);
    });

    test('drops the oldest beyond the bytes; who stood there is told', async () => {
      const { store, positions, head } = await fill(open);
      const made = (await readAll(store)).map(({ at }) => at);
      const dropped = await store.trim({ hours: 24, bytes: 4000 });
      expect(dropped).toBeGreaterThanOrEqual(3);
      expect(dropped).toBeLessThan(6);
      for (const from of [origin, ...positions.slice(0, dropped)]) {
        const read = await store.read(from, 10);
        expect(read).toStrictEqual({ outcome: 'gone', oldest: { position: positions[dropped], at: made[dropped] } });
      }
      for (const [index, from] of [...positions.entries()].slice(dropped)) {
        expect((await readAll(store, from)).map(({ position }) => position)).toStrictEqual(positions.slice(index + 1));
      }
      expect(await store.head()).toStrictEqual(head);
    });

    test('drops what is too old, but the head stays readable, and the log goes on from it', async () => {
      const { store, positions, head } = await fill(open);
      const filled = Date.now();
      await eventually(async () => (Date.now() > filled + 2 ? true : undefined));
      expect(await store.trim({ hours: 0, bytes: 2 ** 30 })).toBeGreaterThanOrEqual(5);
      expect(await store.read(positions[3]!, 10)).toMatchObject({ outcome: 'gone' });
      expect(await readAll(store, head)).toStrictEqual([]);
      expect((await writeOne(store, entry('created', 'g', {}))).seq).toBe(head.seq + 1);
      expect((await readAll(store, head)).map(({ id }) => id)).toStrictEqual(['g']);
      expect(await find(store, 'a')).toBeDefined();
    });

    test('drops many thousands', async () => {
      const { store } = await open();
      for (let batch = 0; batch < 5; batch += 1) {
        await write(store, { entries: Array.from({ length: 700 }, (_, n) => entry('created', `${batch}-${n}`, {})) });
      }
      expect(await store.trim({ hours: 24, bytes: 1 })).toBeGreaterThanOrEqual(3499);
    });
  });
}
