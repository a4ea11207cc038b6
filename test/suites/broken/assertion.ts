import { expect, test } from '@jest/globals';

test('fails', () => expect(1).toBe(2));
