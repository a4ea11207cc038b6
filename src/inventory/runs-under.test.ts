import { expect, test } from '@jest/globals';
import { rowsOf } from './page.js';
import { runsUnder } from './runs-under.js';
import { SortedRows } from './sorted-rows.js';
import { row } from './testing/rows.js';

function listed(parents: readonly string[]): SortedRows {
  const list = new SortedRows();
  for (const [index, resourcePoolId] of parents.entries())
    list.append(row(String(index).padStart(4, '0'), { resourcePoolId }));
  return list;
}

function under(list: SortedRows, pool: string, after?: string): readonly string[] {
  const runs = [...runsUnder(list.runs(after), 'resourcePoolId', pool)];
  return [...rowsOf(runs)].map(({ id }) => id);
}

test('only rows of the parent are left, in order, as runs of the same blocks', () => {
  const list = listed(Array.from({ length: 200 }, (_, index) => (index < 80 || index % 3 === 0 ? 'a' : 'b')));
  const expected = list.blocks.flatMap(({ rows }) => rows.filter(({ value }) => value['resourcePoolId'] === 'a'));
  expect(under(list, 'a')).toEqual(expected.map(({ id }) => id));
  expect(under(list, 'a', '0078')).toEqual(expected.map(({ id }) => id).filter((id) => id > '0078'));
  expect(under(list, 'c')).toEqual([]);
  for (const { block } of runsUnder(list.runs(undefined), 'resourcePoolId', 'a')) expect(list.blocks).toContain(block);
});

test('a row that comes, moves to another parent or goes is known at once', () => {
  const list = listed(['a', 'a', 'b']);
  expect(under(list, 'a')).toEqual(['0000', '0001']);
  list.append(row('0003', { resourcePoolId: 'a' }));
  expect(under(list, 'a')).toEqual(['0000', '0001', '0003']);
  list.set(row('0001', { resourcePoolId: 'b' }));
  expect(under(list, 'a')).toEqual(['0000', '0003']);
  list.delete('0000');
  expect([under(list, 'a'), under(list, 'b')]).toEqual([['0003'], ['0001', '0002']]);
});
