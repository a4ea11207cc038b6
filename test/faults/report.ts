import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence, Verdict, Violation } from './checker.js';
import type { FaultKind } from './schedule.js';

/** The most of all arrivals that may repeat what was taken. */
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

/** Prints what came of a run; false when it fails. The share of duplicates is judged where faults of all kinds struck. */
export function report(
  { verdict, evidence, struck, wanted, endings }: Result,
  { seed, only }: { readonly seed: number; readonly only?: FaultKind },
): boolean {
  const { owed, received, duplicates, merged, waits, violations } = verdict;
  const part = duplicates / Math.max(1, evidence.receipts.length);
  const faults = [...struck.values()].reduce((sum, each) => sum + each, 0);
  const lost = violations.filter(({ rule }) => rule === 'lost').length;
  const inverted = violations.filter(({ rule }) => ['inverted', 'skipped', 'diverged'].includes(rule)).length;
  const seconds = (at: number) => `${((waits[Math.floor(at * (waits.length - 1))] ?? 0) / 1000).toFixed(2)} s`;
  console.log([...struck].map(([kind, count]) => `  ${String(count).padStart(4)}  ${kind}`).join('\n'));
  console.log(`seed ${seed}: ${owed} owed events, ${faults} faults, ${evidence.receipts.length} arrivals`);
  console.log(`  ${owed - received} lost, ${inverted} inversions, ${violations.length - lost - inverted} others`);
  console.log(`  ${duplicates} duplicates (${(part * 100).toFixed(2)} %), ${merged} states merged into later ones`);
  console.log(`  from change to taking: p50 ${seconds(0.5)}, p99 ${seconds(0.99)}, longest gap ${seconds(1)}`);
  for (const last of endings) console.log(`  ended by itself: ${last}`);
  if (owed < wanted) console.log(`  FAILED: only ${owed} of ${wanted} owed events were made.`);
  const repeats = only === undefined && part > mostDuplicates;
  if (repeats) console.log(`  FAILED: more than ${mostDuplicates * 100} % duplicates.`);
  if (violations.length > 0) console.log(`  FAILED: ${describe(violations[0]!, evidence)}`);
  return violations.length === 0 && !repeats && owed >= wanted;
}

function describe({ rule, subscription, object, detail }: Violation, { histories, receipts }: Evidence): string {
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
