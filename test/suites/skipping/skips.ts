import { describe, expect, test } from '@jest/globals';

/** As where a program lacks that a test calls. */
const present = false as boolean;

describe('without a program that lacks:', () => {
  (present ? test : test.skip)('asks it', () => expect(present).toBe(true));
  test('does without', () => expect(present).toBe(false));
});
