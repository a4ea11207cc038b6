import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import { RecentChanges, type Written } from './recent-changes.js';

function written(position: Position, bytes: number): Written {
  const change = { position } as Change;
  return { position, bytes, change: () => change };
}

const places = (changes: readonly Change[] | undefined) => changes?.map(({ position }) => position);

test('whatever is appended, taken back and asked for: the answer is the log behind the place, or none', () => {
  const act = fc.record({ count: fc.integer({ min: 1, max: 150 }), takenBack: fc.boolean() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), fc.integer({ min: 1, max: 300 }), (acts, limit) => {
      const recent = new RecentChanges();
      let log: Position[] = [origin];
      for (const [turn, { count, takenBack }] of acts.entries()) {
        const head = log.at(-1)!;
        const added = Array.from({ length: count }, (_, index) => ({ seq: head.seq + index + 1, tag: `${turn}` }));
        recent.push(
          head,
          added.map((each) => written(each, 1000)),
        );
        if (!takenBack) log = [...log, ...added];
      }
      const head = log.at(-1)!;
      for (const place of log) {
        const found = places(recent.after(place, limit, head));
        if (found) expect(found).toStrictEqual(log.slice(place.seq + 1, place.seq + 1 + limit));
      }
      const last = acts.at(-1);
      if (last && !last.takenBack) expect(recent.after(head, limit, head)).toStrictEqual([]);
      expect(recent.after({ seq: head.seq, tag: 'another' }, limit, head)).toBeUndefined();
      expect(recent.after({ seq: head.seq + 1, tag: '0' }, limit, head)).toBeUndefined();
    }),
  );
});

test('the oldest are let go, and what is said is made once for all', () => {
  const recent = new RecentChanges();
  const all = Array.from({ length: 1000 }, (_, index) => ({ seq: index + 1, tag: 'one' }));
  recent.push(
    origin,
    all.map((each) => written(each, 1000)),
  );
  const head = all.at(-1)!;
  expect(recent.after(origin, 10, head)).toBeUndefined();
  expect(places(recent.after(all[989]!, 100, head))).toStrictEqual(all.slice(990));
  expect(recent.after(all[998]!, 1, head)![0]).toBe(recent.after(all[997]!, 2, head)![1]);
  recent.forget();
  expect(recent.after(all[998]!, 1, head)).toBeUndefined();
});

test('of large ones fewer are held, 16 MiB, but always the newest; half of that is given at once', () => {
  const recent = new RecentChanges();
  const mebibyte = 1024 * 1024;
  const all = Array.from({ length: 101 }, (_, index) => ({ seq: index + 1, tag: `${index}` }));
  for (const [index, each] of all.slice(0, 100).entries())
    recent.push(all[index - 1] ?? origin, [written(each, mebibyte)]);
  expect(recent.after(all[82]!, 256, all[99]!)).toBeUndefined();
  expect(places(recent.after(all[83]!, 256, all[99]!))).toStrictEqual(all.slice(84, 92));
  expect(places(recent.after(all[91]!, 256, all[99]!))).toStrictEqual(all.slice(92, 100));
  recent.push(all[99]!, [written(all[100]!, 20 * mebibyte)]);
  expect(recent.after(all[98]!, 256, all[100]!)).toBeUndefined();
  expect(places(recent.after(all[99]!, 256, all[100]!))).toStrictEqual([all[100]]);
  // What was taken back counts no more.
  recent.push(
    all[49]!,
    all.slice(50, 60).map((each) => written(each, mebibyte)),
  );
  recent.push(
    all[59]!,
    all.slice(60, 66).map((each) => written(each, mebibyte)),
  );
  expect(places(recent.after(all[49]!, 5, all[65]!))).toStrictEqual(all.slice(50, 55));
});
