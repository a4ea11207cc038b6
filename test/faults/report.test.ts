import { expect, test } from '@jest/globals';
import { failuresOf } from './report.js';
import type { FaultKind } from './schedule.js';

/** Ten thousand arrivals of which so many repeat what was taken, after so many faults. */
function failures(duplicates: number, faults: number, only?: FaultKind): readonly string[] {
  const receipt = {
    subscription: 'a',
    id: 'id',
    at: 0,
    event: 'created',
    object: 'o1',
    revision: 1,
    taken: true,
  } as const;
  const evidence = { interests: [], histories: new Map(), receipts: new Array(10_000).fill(receipt) };
  const verdict = { violations: [], owed: 9000, received: 9000, duplicates, merged: 0, waits: [] };
  const struck = new Map<FaultKind, number>([
    ['reset', 0],
    ['no dns', faults],
  ]);
  return failuresOf({ verdict, evidence, struck, wanted: 9000, endings: [] }, only === undefined ? {} : { only });
}

test('one duplicate fails a run in which nothing struck, of whichever kind it was to be', () => {
  expect(failures(0, 0)).toEqual([]);
  expect(failures(1, 0)).toEqual(['duplicates, though nothing struck.']);
  expect(failures(1, 0, 'no dns')).toEqual(['duplicates, though nothing struck.']);
});

test('three of a hundred arrivals may be duplicates under faults of all kinds, and any under those of one', () => {
  expect(failures(300, 1)).toEqual([]);
  expect(failures(301, 1)).toEqual(['more than 3 % duplicates.']);
  expect(failures(301, 1, 'no dns')).toEqual([]);
});
