import type { Change } from '#schema/change.js';
import type { LogRead } from './store.js';

/** Bytes of the texts that one read of the log gives, unless a single entry is larger: a thousand may be a gigabyte. */
export const mostRead = 8 * 1024 * 1024;

/** What a read of up to `limit` entries found, in a log whose newest entry is at `newest`. */
export function found(changes: readonly Change[], limit: number, newest: number): LogRead {
  const last = changes.at(-1)?.position;
  const more = last !== undefined && changes.length < limit && last.seq < newest;
  return { outcome: 'read', changes, ...(more && { more }) };
}
