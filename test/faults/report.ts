import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence, Verdict, Violation } from './checker.js';
import type { FaultKind } from './schedule.js';

/** The most of all arrivals that may repeat what was taken, where something struck; else none may. */
const mostDuplicates = 0.03;

export interface Result {
  readonly verdict: Verdict;
  readonly evidence: Evidence;
  readonly struck: ReadonlyMap<FaultKind, number>;
  /** Owed events that were to be made. */
  readonly wanted: number;
  /** What gateways said last that ended without having been killed. */
  readonly endings: readonly string[];
}

/** What was ordered, as far as it says how to judge. */
interface Ordered {
  readonly seed: number;
  readonly only?: FaultKind;
}

const faultsOf = ({ struck }: Result): number => [...struck.values()].reduce((sum, each) => sum + each, 0);
const repeatedPart = ({ verdict, evidence }: Result): number =>
  verdict.duplicates / Math.max(1, evidence.receipts.length);

/** Why a run fails. The share of duplicates is judged where faults of all kinds struck, and where none did. @internal */
export function failuresOf(result: Result, { only }: Pick<Ordered, 'only'>): readonly string[] {
  const { verdict, evidence, wanted } = result;
  const { owed, violations } = verdict;
  const failures: string[] = [];
  if (owed < wanted) failures.push(`only ${owed} of ${wanted} owed events were made.`);
  const struck = faultsOf(result) > 0;
  if (!struck && verdict.duplicates > 0) failures.push('duplicates, though nothing struck.');
  if (struck && only === undefined && repeatedPart(result) > mostDuplicates)
    failures.push(`more than ${mostDuplicates * 100} % duplicates.`);
  if (violations.length > 0) failures.push(storyOf(violations[0]!, evidence));
  return failures;
}

/** Prints what came of a run; false when it fails. */
export function report(result: Result, { seed, only }: Ordered): boolean {
  const { verdict, evidence, struck, endings } = result;
  const { owed, received, duplicates, merged, waits, violations } = verdict;
  const faults = faultsOf(result);
  const lost = violations.filter(({ rule }) => rule === 'lost').length;
  const inverted = violations.filter(({ rule }) => ['inverted', 'skipped', 'diverged'].includes(rule)).length;
  const seconds = (at: number) => `${((waits[Math.floor(at * (waits.length - 1))] ?? 0) / 1000).toFixed(2)} s`;
  console.log([...struck].map(([kind, count]) => `  ${String(count).padStart(4)}  ${kind}`).join('\n'));
  console.log(`seed ${seed}: ${owed} owed events, ${faults} faults, ${evidence.receipts.length} arrivals`);
  console.log(`  ${owed - received} lost, ${inverted} inversions, ${violations.length - lost - inverted} others`);
  console.log(
    `  ${duplicates} duplicates (${(repeatedPart(result) * 100).toFixed(2)} %), ${merged} states merged into later ones`,
  );
  console.log(`  from change to taking: p50 ${seconds(0.5)}, p99 ${seconds(0.99)}, longest gap ${seconds(1)}`);
  for (const last of endings) console.log(`  ended by itself: ${last}`);
  const failures = failuresOf(result, only === undefined ? {} : { only });
  for (const failure of failures) console.log(`  FAILED: ${failure}`);
  return failures.length === 0;
}

/** A violation with all that happened to the object and all that arrived. */
export function storyOf({ rule, subscription, object, detail }: Violation, { histories, receipts }: Evidence): string {
  const time = (at: number) => new Date(at).toISOString().slice(11, 23);
  const steps = (histories.get(object)?.steps ?? []).map(
    ({ event, revision, at }) => `${time(at)}  ${event} ${revision}`,
  );
  const arrivals = receipts
    .filter((receipt) => receipt.object === object && receipt.subscription === subscription)
    .map(
      ({ at, event, revision, id, taken }) => `${time(at)}  ${event} ${revision}  ${id}${taken ? '' : '  not taken'}`,
    );
  const list = (title: string, lines: readonly string[]) =>
    `\n    ${title}:\n${lines.map((line) => `      ${line}`).join('\n')}`;
  return `${rule}: ${subscription}, ${object}: ${detail}${list('happened', steps)}${list('arrived', arrivals)}`;
}

/** Writes down everything that was judged. */
export function keepEvidence(
  folder: string,
  { interests, histories, receipts }: Evidence,
  { violations }: Verdict,
): void {
  const all = { interests, histories: [...histories.values()], receipts, violations };
  for (const [name, lines] of Object.entries(all))
    writeFileSync(join(folder, `${name}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
