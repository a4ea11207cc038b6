import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Value } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { LogReader } from '../log/reader.js';
import type { Entry } from '../log/recent.js';
import { changeOf } from '../testing/events.js';
import { Digest, type Window } from './digest.js';

const place = (seq: number): Position => ({ seq, tag: 't' });

/** A long log, and how much of it was read, by how many at once. */
function longLog(length = 45_000, before: Value = {}) {
  const entries: Entry[] = Array.from({ length }, (_each, index) => ({
    change: changeOf({ object: 'Resource', kind: 'deleted', before, seq: index + 1 }),
  }));
  const read = { entries: 0, active: 0, most: 0 };
  const reader: LogReader = {
    async after({ seq }) {
      read.active += 1;
      read.most = Math.max(read.most, read.active);
      await nextTurn();
      read.active -= 1;
      const found = entries.slice(seq, seq + 256 - (seq % 256));
      read.entries += found.length;
      return { outcome: 'read', entries: found };
    },
    forget: () => undefined,
  };
  return { reader, read };
}

test('however many are far behind, each at a place of its own, the log is read once, by one at a time', async () => {
  const { reader, read } = longLog();
  const digest = new Digest(reader);
  const held = new Set<Window>();
  let most = 0;
  const passing = Array.from({ length: 200 }, (_each, index) => 43_000 - 200 * index).map(async (seq) => {
    await digest.pass(place(seq), async (window) => {
      held.add(window!);
      most = Math.max(most, held.size);
      await nextTurn();
      held.delete(window!);
      expect(window!.from.seq <= seq && seq < window!.to.seq).toBe(true);
      expect(window!.entries[seq - window!.from.seq]!.change.position.seq).toBe(seq + 1);
    });
  });
  await Promise.all(passing);
  expect(read.most).toBe(1);
  expect(most).toBe(1);
  // The first one had begun before the others came.
  expect(read.entries).toBeLessThan(45_000 + 11_000);
});

test('who asks for a window that is held reads nothing; where the log cannot be read there is none', async () => {
  const { reader, read } = longLog();
  const digest = new Digest(reader);
  const first = await digest.pass(place(100), async (window) => window);
  const before = read.entries;
  expect(await digest.pass(place(5000), async (window) => window)).toBe(first);
  expect(read.entries).toBe(before);
  digest.forget();
  const lost = new Digest({ ...reader, after: async () => ({ outcome: 'rewritten' }) as const });
  expect(await lost.pass(place(100), async (window) => window)).toBeUndefined();
});

test('a tenant that takes long to pass holds up no other, and few windows are held all the same', async () => {
  const { reader, read } = longLog();
  const digest = new Digest(reader);
  const gate = Promise.withResolvers<void>();
  const held = new Map<Window, number>();
  let most = 0;
  const pass = (tenant: string, seq: number, until: Promise<unknown>) =>
    digest.pass(
      place(seq),
      async (window) => {
        held.set(window!, (held.get(window!) ?? 0) + 1);
        most = Math.max(most, held.size);
        await until;
        const left = held.get(window!)! - 1;
        if (left > 0) held.set(window!, left);
        else held.delete(window!);
      },
      tenant,
    );
  const slow = [pass('red', 100, gate.promise), pass('blue', 200, gate.promise), pass('blue', 30_000, gate.promise)];
  for (const seq of [150, 12_000, 23_000, 34_000]) await pass('green', seq, nextTurn());
  expect([...held.values()]).toEqual([2]);
  gate.resolve();
  await Promise.all(slow);
  // Ten tenants at ten places: each waits until one of those before it has passed.
  const some = Promise.withResolvers<void>();
  const many = Array.from({ length: 10 }, (_each, index) => pass(`t${index}`, 4000 * index, some.promise));
  while (held.size < 3) await nextTurn();
  // For as long as it takes to read one more.
  for (let turn = 0; turn < 100; turn += 1) await nextTurn();
  some.resolve();
  await Promise.all(many);
  expect([most, read.most]).toEqual([3, 1]);
});

test('who has waited for a window goes before who goes on to the next', async () => {
  const { reader } = longLog();
  const digest = new Digest(reader);
  const order: string[] = [];
  const pass = (tenant: string, seq: number) =>
    digest.pass(
      place(seq),
      async () => {
        order.push(tenant);
        await nextTurn();
      },
      tenant,
    );
  const busy = ['a', 'b', 'c'].flatMap((tenant, at) =>
    [0, 1, 2, 3].map((step) => pass(tenant, 10_240 * ((step + at) % 4))),
  );
  await Promise.all([...busy, pass('late', 42_000)]);
  expect(order.indexOf('late')).toBeLessThan(8);
});

test('a window of large entries ends at 32 MiB; who is behind it passes the next, and none reads it anew', async () => {
  // 100 KB count twice.
  const { reader, read } = longLog(2000, { text: 'x'.repeat(100_000) });
  const digest = new Digest(reader);
  const windows = new Set<Window>();
  const pass = async (seq: number, tenant?: string) => {
    await digest.pass(
      place(seq),
      async (window) => {
        windows.add(window!);
        await nextTurn();
        expect(window!.from.seq <= seq && seq < window!.to.seq).toBe(true);
        expect(window!.entries[seq - window!.from.seq]!.change.position.seq).toBe(seq + 1);
      },
      tenant,
    );
  };
  await Promise.all(Array.from({ length: 100 }, (_each, index) => pass(19 * index)));
  const lengths = [...windows].map(({ entries }) => entries.length);
  // The last one ends with the log, the first one is of who came first.
  expect(Math.max(...lengths)).toBe(167);
  expect(lengths.slice(0, -1).every((length) => length === 167)).toBe(true);
  const before = read.entries;
  const last = [...windows].at(-1)!;
  await Promise.all([pass(last.from.seq, 'red'), pass(last.to.seq - 1, 'blue')]);
  expect(read.entries).toBe(before);
  // A place in the middle of many: each window goes on where the one before it ended.
  for (let seq = 0; seq < 2000;) seq = await digest.pass(place(seq), async (window) => window!.to.seq);
});

test('who has passed a part of a window is given one that goes as far, wherever others began', async () => {
  const { reader } = longLog(2000, { text: 'x'.repeat(100_000) });
  const digest = new Digest(reader);
  const from = place(60);
  const to = await digest.pass(from, async (window) => window!.to);
  // One that begins before it ends before it.
  expect((await digest.pass(place(0), async (window) => window!.to)).seq).toBeLessThan(to.seq);
  const holds = async (window: Window | undefined) => window!.from.seq <= from.seq && window!.to.seq >= to.seq;
  expect(await digest.pass(from, holds, '', to)).toBe(true);
});
