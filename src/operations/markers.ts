import { hash, timingSafeEqual } from 'node:crypto';
import { invalid } from '#schema/errors.js';
import type { Place } from '../inventory/order.js';

/** Paging markers: opaque, signed, and good only for the query they were made for. */
export interface Markers {
  seal(query: string, place: Place): string;
  /** Throws INVALID for a marker that was tampered with or belongs to another query. */
  open(query: string, marker: string): Place;
}

/** A signature says that a marker is wrong, not where; only what no marker holds has a place of its own. */
function strayIn(marker: string): number {
  return Math.max(0, marker.search(/[^\w-]/));
}

/** Characters of base64url in front of a marker's body. */
const signature = 16;

export function markers(key: Buffer): Markers {
  // SHA-512/256 is safe with the key in front (nothing can be appended to what is cut off), and takes 2 us; an HMAC takes 7,
  // and 35 if it is given the bytes of the key.
  const secret = key.toString('hex');
  // 12 bytes; as a text in between, which costs half of what a buffer from Node does (1.2 of 2.6 us).
  const sign = (query: string, body: string) =>
    hash('sha512-256', `${secret}${query}\0${body}`, 'base64url').slice(0, signature);
  return {
    seal(query, place) {
      const body = JSON.stringify(place.key === undefined ? [place.id] : [place.id, place.key]);
      return sign(query, body) + Buffer.from(body).toString('base64url');
    },
    open(query, marker) {
      const bytes = Buffer.from(marker, 'base64url');
      const body = bytes.subarray(12).toString();
      if (
        bytes.length < 14 ||
        bytes.toString('base64url') !== marker ||
        !timingSafeEqual(Buffer.from(sign(query, body)), Buffer.from(marker.slice(0, signature)))
      ) {
        throw invalid('The paging marker is not one of this query; start again without it.', 'after', strayIn(marker));
      }
      const [id, key] = JSON.parse(body) as [string, Place['key']];
      return key === undefined ? { id } : { id, key };
    },
  };
}
