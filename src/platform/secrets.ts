import { createHash } from 'node:crypto';

/** SHA-256 of a bearer token: the form in which the configuration holds it. 32 bytes. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
