import { expect, test } from '@jest/globals';
import { KindArrivals, type Changed } from './kind-arrivals.js';

const upsert = (version: string): Changed => ({
  type: 'upsert',
  kind: 'k',
  identity: 'a',
  native: { version },
  version,
});
const second = 1000;

/** Polls with what is there; versions have no order. */
function polled(...versions: readonly string[]) {
  const kind = new KindArrivals('k', undefined);
  const poll = (version: string | undefined, at: number) => {
    kind.begin();
    const facts = version === undefined ? [] : [...kind.told(upsert(version), at, at)];
    return [...facts, ...kind.complete(at, at)];
  };
  versions.forEach((version, index) => poll(version, index * 5 * second));
  return { kind, poll, now: versions.length * 5 * second };
}

test('an answer that comes behind its echo, and behind what followed it, is not taken', () => {
  const { kind, now } = polled('v1', 'v2', 'v3');
  // Sent before its echo `v2` was polled.
  expect(kind.wrote(upsert('v2'), now, 1 * second)).toEqual([]);
  // The echo of a write is remembered by its version, however long the write was under way.
  expect(kind.wrote(upsert('v2'), now, now - 1)).toEqual([]);
});

test('an answer that no poll can have told is taken, also to a version that was written before', () => {
  const { kind, now } = polled('v1');
  for (const [index, version] of ['w1', 'w2', 'w1'].entries()) {
    const at = now + index * second;
    expect(kind.wrote(upsert(version), at, at - 1)).toEqual([upsert(version)]);
  }
});

test('whether an answer is older than a poll that came meanwhile is left to the next poll', () => {
  const { kind, now } = polled('v1', 'v1');
  expect(kind.wrote(upsert('w1'), now, 4 * second)).toEqual([]);
  expect(kind.wrote(upsert('w1'), now, 6 * second)).toEqual([upsert('w1')]);
});

test('what went is remembered against answers to writes that were sent before', () => {
  const { kind, poll, now } = polled('v1');
  expect(poll(undefined, now)).toEqual([
    { type: 'forget', kind: 'k', identity: 'a' },
    { type: 'complete', kind: 'k' },
  ]);
  expect(kind.wrote(upsert('w1'), now + 1, now - 1)).toEqual([]);
  expect(kind.wrote(upsert('w1'), now + 2, now + 1)).toEqual([upsert('w1')]);
});
