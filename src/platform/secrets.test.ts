import { expect, test } from '@jest/globals';
import { tokenHash } from './secrets.js';

test('a token is known by its hash', () => {
  // `printf %s open-sesame | sha256sum`
  expect(tokenHash('open-sesame').toString('hex')).toBe(
    'd7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7',
  );
});
