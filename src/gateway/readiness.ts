import type { Coverage } from '#subscriptions/coverage.js';
import type { Away, View } from '../inventory/view.js';
import { notReadYet } from './accounts.js';

/** What health tells of. */
export interface Followed {
  readonly coverage: Coverage;
  readonly view: Pick<View, 'away'>;
}

/** Ready once a first synchronisation of every backend was tried. */
export function tried(coverage: Coverage): boolean {
  const looked = (reason: string | undefined) => reason !== undefined && reason !== notReadYet;
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
  return [store(followed.view.away()), ...backends];
}

/** Who has lost the store stays ready: reads go on from the view, and no other gateway on it could do more. */
function store(away: Away | undefined): string {
  if (!away) return '[+] store: ok';
  const { since, error } = away;
  const reason = error instanceof Error ? error.message : String(error);
  return `[-] store: away since ${new Date(since).toISOString()} (${reason})`;
}
