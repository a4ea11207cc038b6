import { describe, expect, test } from '@jest/globals';
import { holdBack } from './hold-back.js';

const ids = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);
const loss = (missing: readonly string[], known = 100, object = 'Resource') => ({ object, missing, known });

describe('a loss', () => {
  test.each([
    ['of 20', ids(0, 20), 20, 20],
    ['of 30 %', ids(0, 30), 100, 30],
    ['of 21 that are more than 30 %', ids(0, 21), 69, 0],
    ['of 31 %', ids(0, 31), 100, 0],
  ])('%s', (_, missing, known, deleted) => {
    expect(
      holdBack()
        .admit([loss(missing, known)], 0)
        .get('Resource'),
    ).toHaveLength(deleted);
  });

  test('that is held is believed when a list 30 s later misses the same, as far as it does', () => {
    const hold = holdBack();
    expect(hold.admit([loss(ids(0, 50))], 0).get('Resource')).toEqual([]);
    expect(hold.admit([loss(ids(0, 50))], 29_999).get('Resource')).toEqual([]);
    expect(hold.admit([loss(ids(10, 60))], 30_000).get('Resource')).toEqual(ids(10, 50));
    expect(hold.admit([loss(ids(50, 60), 60)], 30_001).get('Resource')).toEqual(ids(50, 60));
  });

  test('must have been missed by every list in between', () => {
    const hold = holdBack();
    hold.admit([loss(ids(0, 50))], 0);
    hold.admit([loss(ids(0, 40))], 15_000);
    expect(hold.admit([loss(ids(0, 50))], 31_000).get('Resource')).toEqual(ids(0, 40));
    expect(hold.admit([loss(ids(40, 50), 60)], 31_001).get('Resource')).toEqual(ids(40, 50));
  });

  test('that was an error of the backend is forgotten', () => {
    const hold = holdBack();
    hold.admit([loss(ids(0, 50))], 0);
    hold.admit([loss([])], 10_000);
    expect(hold.admit([loss(ids(0, 50))], 31_000).get('Resource')).toEqual([]);
  });

  test('makes every other loss of the instance suspicious while it is', () => {
    const hold = holdBack();
    hold.admit([loss(ids(0, 50))], 0);
    expect(hold.admit([loss(['p'], 10, 'ResourcePool')], 1).get('ResourcePool')).toEqual([]);
    hold.admit([loss([])], 2);
    expect(hold.admit([loss(['p'], 10, 'ResourcePool')], 3).get('ResourcePool')).toEqual(['p']);
  });

  test('is looked at as a whole when several objects lose at once', () => {
    const [pools, resources] = [loss(ids(0, 12), 12, 'ResourcePool'), loss(ids(0, 15), 40)];
    expect([...holdBack().admit([pools, resources], 0).values()]).toEqual([[], []]);
    expect([...holdBack().admit([resources], 0).values()]).toEqual([resources.missing]);
  });
});
