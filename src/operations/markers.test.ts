import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { markers } from './markers.js';

const ours = markers(Buffer.alloc(32, 1));
const keys = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
);
const places = fc.record({ id: fc.string({ unit: 'binary' }), key: keys }, { requiredKeys: ['id'] });
const refusal = { code: 'INVALID', detail: { at: 'after' } };

function refused(open: () => unknown): void {
  let fault: unknown;
  try {
    open();
  } catch (error) {
    fault = error;
  }
  expect(fault).toMatchObject(refusal);
}

describe('a paging marker', () => {
  test('leads back to its place', () => {
    const property = fc.property(fc.string(), places, (query, place) => {
      const { id, key } = ours.open(query, ours.seal(query, place));
      expect(id).toBe(JSON.parse(JSON.stringify(place.id)));
      expect(key).toEqual(place.key === undefined ? undefined : (JSON.parse(JSON.stringify(place.key)) as unknown));
    });
    fc.assert(property);
  });

  test('is good in a URL, and short enough for the longest key there is', () => {
    const marker = ours.seal('q', { id: 'x'.repeat(255), key: '\0'.repeat(256) });
    expect(marker).toMatch(/^[\w-]+$/);
    expect(marker.length).toBeLessThan(4096);
  });

  test('is refused for another query, under another key, and with any character changed, added or taken away', () => {
    const marker = ours.seal('query', { id: 'id', key: 7 });
    refused(() => ours.open('other', marker));
    refused(() => markers(Buffer.alloc(32, 2)).open('query', marker));
    for (let at = 0; at < marker.length; at += 1) {
      const other = marker[at] === 'A' ? 'B' : 'A';
      refused(() => ours.open('query', marker.slice(0, at) + other + marker.slice(at + 1)));
      refused(() => ours.open('query', marker.slice(0, at)));
    }
    for (const more of ['=', 'A', ' ', '%']) refused(() => ours.open('query', marker + more));
  });

  test('is refused whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => refused(() => ours.open('query', text))));
  });
});
