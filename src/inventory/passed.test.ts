import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { samePosition, type Position } from '#schema/position.js';
import { passedAnew, Passed } from './passed.js';

/** A log of appends of so many entries each, behind `first`. */
const logOf = (sizes: readonly number[], first: number, name: string): readonly Position[] =>
  sizes
    .flatMap((size, append) => Array.from({ length: size }, () => `${name}${append}`))
    .map((tag, index) => ({ seq: first + 1 + index, tag }));

const appends = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 });

test('the last appends are remembered, and nothing is said of what came before', () => {
  const property = fc.property(appends, fc.integer({ min: 1, max: 10 }), (sizes, remembered) => {
    const passed = new Passed({ seq: 7, tag: 'begin' }, remembered);
    const log = logOf(sizes, 7, 't');
    for (const position of log) passed.note(position);
    expect(passed.end).toEqual(log.at(-1) ?? { seq: 7, tag: 'begin' });
    expect(passed.tagAt(passed.end.seq + 1)).toBeUndefined();
    const recent = new Set([...new Set(log.map(({ tag }) => tag))].slice(-remembered));
    for (const { seq, tag } of log)
      if (recent.has(tag)) expect(passed.tagAt(seq)).toBe(tag);
      else expect([tag, undefined]).toContain(passed.tagAt(seq));
    expect(passed.tagAt(6)).toBeUndefined();
  });
  fc.assert(property);
});

test('of places from before what is remembered the last thousand are known', () => {
  const passed = new Passed({ seq: 5000, tag: 'begin' });
  for (let seq = 1; seq <= 1001; seq += 1) passed.learn({ seq, tag: `t${seq}` });
  expect([1, 2, 1001, 1002, 5000].map((seq) => passed.tagAt(seq))).toEqual([
    undefined,
    't2',
    't1001',
    undefined,
    'begin',
  ]);
});

test('of a log that was rewritten, what stands in it is known from before the place where it differs', async () => {
  const property = fc.asyncProperty(appends, appends, appends, async (common, lost, instead) => {
    const begin = { seq: 3, tag: 'begin' };
    const kept = [begin, ...logOf(common, 3, 'k')];
    const fork = kept.at(-1)!;
    const former = new Passed(begin);
    for (const position of [...kept.slice(1), ...logOf(lost, fork.seq, 'l')]) former.note(position);
    const log = [...kept, ...logOf(instead, fork.seq, 'i')];
    const read = async (from: Position, limit: number) => {
      const at = log.findIndex((each) => samePosition(each, from));
      if (at < 0) return { outcome: 'rewritten' } as const;
      return { outcome: 'read', changes: log.slice(at + 1, at + 1 + limit).map((position) => ({ position })) } as never;
    };
    const to = log.at(-1)!;
    const passed = await passedAnew({ read }, former, to);
    expect(passed.end).toEqual(to);
    for (const { seq, tag } of log.slice(log.indexOf(fork))) expect(passed.tagAt(seq)).toBe(tag);
  });
  await fc.assert(property);
});
