import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareInstant, sortableInstant } from './instant.js';

describe('instants', () => {
  test.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00'],
    ['2026-01-01t00:00:00.500z', '2026-01-01T00:00:005'],
    ['2026-01-01 00:00:00.000000001Z', '2026-01-01T00:00:00000000001'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00'],
    ['2024-02-29T12:00:00.120-00:30', '2024-02-29T12:30:0012'],
  ])('%s', (text, sortable) => {
    expect(sortableInstant(text)).toBe(sortable);
  });

  test.each([
    '',
    'now',
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:00:00.Z',
    '9999-12-31T23:59:59-01:00',
  ])("'%s' is none", (text) => {
    expect(sortableInstant(text)).toBeUndefined();
  });

  test('what is stored and is no date-time cannot be compared', () => {
    expect(compareInstant('soon', '2026-01-01T00:00:00')).toBeNaN();
  });

  const time = fc.tuple(
    fc.date({ min: new Date('1970-01-02T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true }),
    fc.integer({ min: -23 * 60, max: 23 * 60 }),
    fc.constantFrom('offset', 'utc', 'short'),
  );

  /** The same instant as it may be written. */
  function written([date, minutes, form]: readonly [Date, number, string]): string {
    if (form === 'utc') return date.toISOString();
    if (form === 'short') return date.toISOString().replace(/\.?0*Z$/, 'Z');
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) =>
      String(part).padStart(2, '0'),
    );
    const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
    return `${local}${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
  }

  test('they compare as instants, however they are written', () => {
    fc.assert(
      fc.property(time, time, fc.boolean(), (a, other, same) => {
        const b = same ? ([a[0], other[1], other[2]] as const) : other;
        const place = compareInstant(written(a), sortableInstant(written(b))!);
        expect(Math.sign(place)).toBe(Math.sign(a[0].getTime() - b[0].getTime()));
      }),
      { numRuns: 500 },
    );
  });
});
