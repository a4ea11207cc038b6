import { sequenceOf } from '#adapters/simulator/o-cloud/draw.js';

/** Draws that are the same for the same seed. */
export interface Draw {
  /** In [0, 1). */
  part(): number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** One of these; there must be one. */
  from<T>(these: readonly T[]): T;
  shuffled<T>(these: readonly T[]): readonly T[];
}

export function drawFrom(seed: number): Draw {
  const part = sequenceOf(seed);
  const between = (least: number, most: number) => least + Math.floor(part() * (most - least + 1));
  const from = <T>(these: readonly T[]) => these[between(0, these.length - 1)]!;
  return {
    part,
    between,
    from,
    shuffled: (these) => {
      const rest = [...these];
      return these.map(() => rest.splice(between(0, rest.length - 1), 1)[0]!);
    },
  };
}
