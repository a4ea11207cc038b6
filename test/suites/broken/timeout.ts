import { jest, test } from '@jest/globals';

jest.setTimeout(50);

test('does not end', () => new Promise(() => undefined));
