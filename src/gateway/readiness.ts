import type { Coverage } from '#subscriptions/coverage.js';
import type { View } from '../inventory/view.js';
import type { Store } from '../platform/store/store.js';
import { notReadYet } from './accounts.js';

/** What health tells of. */
export interface Followed {
  readonly coverage: Coverage;
  readonly view: Pick<View, 'away'>;
  readonly store: Pick<Store, 'unfit'>;
}

/** Ready once a first synchronisation of every backend was tried, and while the store does not lose what it has. */
export function ready({ coverage, store }: Followed): boolean {
  const looked = (reason: string | undefined) => reason !== undefined && reason !== notReadYet;
  if (store.unfit()) return false;
  return coverage.progress().every(({ synced, of, reason }) => synced === of || synced > 0 || looked(reason));
}

/** A line for each part, for `/readyz?verbose`. */
export function report(followed: Followed | undefined): readonly string[] {
  if (!followed) return ['[-] store: opening'];
  const backends = followed.coverage
    .progress()
    .map(
      ({ instance, synced, of, reason }) =>
        `[${synced === of ? '+' : '-'}] backend ${instance}: ${synced} of ${of} kinds current${reason === undefined ? '' : ` (${reason})`}`,
    );
  return [storeLine(followed), ...backends];
}

/** Who has lost the store stays ready: reads go on from the view, and no other gateway on it could do more. */
function storeLine({ view, store }: Followed): string {
  const [away, unfit] = [view.away(), store.unfit()];
  if (unfit) return `[-] store: not to be written to (${unfit.message})`;
  if (!away) return '[+] store: ok';
  const { since, error } = away;
  const reason = error instanceof Error ? error.message : String(error);
  return `[-] store: away since ${new Date(since).toISOString()} (${reason})`;
}
