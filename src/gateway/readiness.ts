import type { Coverage } from '#subscriptions/coverage.js';
import { notReadYet } from './accounts.js';

/** Ready once a first synchronisation of every backend was tried. */
export function tried(coverage: Coverage): boolean {
  const looked = (reason: string | undefined) => reason !== undefined && reason !== notReadYet;
  return coverage.progress().every(({ synced, of, reason }) => synced === of || synced > 0 || looked(reason));
}

/** A line for each part, for `/readyz?verbose`. */
export function report(coverage: Coverage | undefined): readonly string[] {
  if (!coverage) return ['[-] store: opening'];
  const backends = coverage
    .progress()
    .map(
      ({ instance, synced, of, reason }) =>
        `[${synced === of ? '+' : '-'}] backend ${instance}: ${synced} of ${of} kinds current${reason === undefined ? '' : ` (${reason})`}`,
    );
  return ['[+] store: ok', ...backends];
}
