import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a bearer token: the form in which the configuration holds it. 32 bytes. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** Whether a token is the one whose hash (64 hexadecimal digits) is given; takes as long for a wrong one as for the right one. */
export function matchesHash(token: string, sha256: string): boolean {
  const expected = Buffer.from(sha256, 'hex');
  return expected.length === 32 && timingSafeEqual(tokenHash(token), expected);
}

/** Whether two secrets are equal, in a time that tells nothing of where they differ; hashing hides their lengths too. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(tokenHash(a), tokenHash(b));
}
