import type { Receivers } from './receivers.js';

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export const sum = (all: readonly number[]) => all.reduce((total, each) => total + each, 0);

/** The value that `part` of what is sorted does not exceed. */
export function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

/** Resolves when so many were taken, by all receivers together. */
export async function taken(to: Receivers, count: number): Promise<void> {
  while (sum((await to.tell({})).taken) < count) await pause(20);
}

/** Prints a figure; one that misses its target fails the run. */
export function line(name: string, measured: number, unit: string, limit?: { most?: number; least?: number }): void {
  const { most = Infinity, least = -Infinity } = limit ?? {};
  const holds = measured <= most && measured >= least;
  const wanted = limit ? ` (${limit.most === undefined ? `at least ${least}` : `at most ${most}`})` : '';
  console.log(`${holds ? 'ok' : 'MISSED'}: ${name}: ${measured.toFixed(2)} ${unit}${wanted}`);
  if (!holds) process.exitCode = 1;
}

export async function latencies(to: Receivers): Promise<readonly number[]> {
  return [...(await to.tell({ tell: true })).latencies].sort((a, b) => a - b);
}
