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

test('only rows of the parent are left, in order, as runs of blocks that are remembered', () => {
  const list = listed(Array.from({ length: 200 }, (_, index) => (index < 80 || index % 3 === 0 ? 'a' : 'b')));
  const expected = list.blocks.flatMap(({ rows }) => rows.filter(({ value }) => value['resourcePoolId'] === 'a'));
  expect(under(list, 'a')).toEqual(expected.map(({ id }) => id));
  expect(under(list, 'a', '0078')).toEqual(expected.map(({ id }) => id).filter((id) => id > '0078'));
  expect(under(list, 'c')).toEqual([]);
  const blocks = () => [...runsUnder(list.runs(undefined), 'resourcePoolId', 'a')].map(({ block }) => block);
  const [whole, ...parts] = blocks();
  expect(whole).toBe(list.blocks[0]);
  list.set(row('0199', { resourcePoolId: 'b', name: 'another' }));
  const again = blocks();
  expect(again.slice(0, -1).map((block, index) => block === [whole, ...parts][index])).toEqual([true, true, true]);
  expect(again.at(-1)).not.toBe(parts.at(-1));
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
