import { expect, test } from '@jest/globals';
import { matchesHash, sameSecret, tokenHash } from './secrets.js';

// `printf %s open-sesame | sha256sum`
const sha256 = 'd7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7';

test('a token is known by its hash', () => {
  expect(tokenHash('open-sesame').toString('hex')).toBe(sha256);
  expect(matchesHash('open-sesame', sha256)).toBe(true);
  expect(matchesHash('open-sesame', sha256.toUpperCase())).toBe(true);
});

test.each([
  ['another token', 'open-sesame!', sha256],
  ['the hash itself', sha256, sha256],
  ['a short hash', 'open-sesame', sha256.slice(0, 62)],
  ['no hash', 'open-sesame', ''],
  ['nonsense', 'open-sesame', 'z'.repeat(64)],
])('is not matched by %s', (_what, token, hash) => expect(matchesHash(token, hash)).toBe(false));

test('secrets are equal or not', () => {
  expect(sameSecret('a', 'a')).toBe(true);
  expect(sameSecret('a', 'b')).toBe(false);
  expect(sameSecret('a', 'aa')).toBe(false);
});
