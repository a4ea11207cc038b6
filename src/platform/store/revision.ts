import { randomInt } from 'node:crypto';

/**
 * The revision of one write of a document, 1 to 2^48 - 2: random, so that neither a document that was removed and made anew nor
 * a failover that takes writes away gives one out again, and whoever still holds it changes nothing.
 */
export function newRevision(): number {
  return randomInt(1, 2 ** 48 - 1);
}
