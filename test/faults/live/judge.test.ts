import { expect, test } from '@jest/globals';
import { judge, type Heard, type Stream, type Wrong } from './judge.js';

const log = Array.from({ length: 20 }, (_each, n) => `${n + 8}.t${n % 3}`);
const told = (positions: readonly string[]): readonly Heard[] => positions.map((position) => ({ position }));
const stream = (heard: readonly Heard[], name = 'planted'): Stream => ({ name, heard });

test('a stream that was told the log is as it should be', () => {
  const { counts, first, events } = judge(log, [stream(told(log)), stream(told(log), 'other')]);
  expect([counts, first, events]).toEqual([
    { lost: 0, inverted: 0, repeated: 0, invented: 0, gap: 0 },
    undefined,
    2 * log.length,
  ]);
});

const at = (index: number) => log[index]!;
const planted: readonly (readonly [string, Wrong['rule'], number, string, readonly Heard[]])[] = [
  ['one in the midst', 'lost', 1, at(7), told(log.toSpliced(7, 1))],
  ['the first', 'lost', 1, at(0), told(log.slice(1))],
  ['the last ones', 'lost', 3, at(17), told(log.slice(0, 17))],
  ['everything', 'lost', 20, at(0), []],
  ['two that changed places', 'inverted', 1, at(3), told(log.toSpliced(3, 2, at(4), at(3)))],
  ['one that came far too late', 'inverted', 1, at(2), told([...log.toSpliced(2, 1), at(2)])],
  ['one told twice', 'repeated', 1, at(5), told(log.toSpliced(6, 0, at(5)))],
  ['all told again', 'repeated', 20, at(0), told([...log, ...log])],
  ['one of another log', 'invented', 1, '12.zz', told(log.toSpliced(5, 0, '12.zz'))],
  ['a gap', 'gap', 1, at(9), told(log).toSpliced(9, 0, { position: at(9), gap: true })],
];

test.each(planted)('%s: %s is found', (_what, rule, count, position, heard) => {
  const { counts, first } = judge(log, [stream(told(log), 'sound'), stream(heard)]);
  expect(counts).toEqual({ lost: 0, inverted: 0, repeated: 0, invented: 0, gap: 0, [rule]: count });
  expect(first).toEqual({ rule, stream: 'planted', position });
});

test('a gap excuses no loss', () => {
  const heard = told(log).toSpliced(4, 3, { position: at(6), gap: true });
  expect(judge(log, [stream(heard)]).counts).toMatchObject({ gap: 1, lost: 3 });
});
