import { hash } from 'node:crypto';

/** SHA-256 of a bearer token: the form in which the configuration holds it. 32 bytes. */
export function tokenHash(token: string): Buffer {
  // As a text in between: half the cost of asking Node for a buffer (0.65 of 1.4 us), and each request pays it.
  return Buffer.from(hash('sha256', token, 'binary'), 'latin1');
}
