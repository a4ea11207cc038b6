import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.js';
import type { Emitter } from './emitter.js';
import { traits, type Fault, type FaultKind, type Lane } from './schedule.js';
import { strikes } from './strikes.js';

export interface Nemesis {
  /** How many of each kind have struck so far. */
  readonly struck: ReadonlyMap<FaultKind, number>;
  /** Resolves when the last fault is healed; rejects when one could not be inflicted or healed. */
  readonly over: Promise<void>;
}

/** Carries out a schedule: lanes side by side, in each lane one fault after the other. */
export function unleash(
  faults: readonly Fault[],
  { cast, emitter, log }: { readonly cast: Cast; readonly emitter: Emitter; readonly log: (line: string) => void },
): Nemesis {
  const struck = new Map<FaultKind, number>();
  const began = Date.now();
  const seconds = () => ((Date.now() - began) / 1000).toFixed(1).padStart(6);

  async function run(lane: Lane, own: readonly Fault[]): Promise<void> {
    for (const fault of own) {
      const { kind, at, lasts } = fault;
      await sleep(Math.max(0, began + at - Date.now()));
      // Without two replicas that follow there may be nobody to take over.
      if (lane === 'redis') await cast.redis.whole();
      const { whom, heal } = await strikes[kind](cast, fault, emitter);
      struck.set(kind, (struck.get(kind) ?? 0) + 1);
      log(`${seconds()} s  ${kind}: ${whom}, for ${lasts} ms`);
      await sleep(lasts);
      await heal();
    }
  }

  const lanes = Map.groupBy(faults, ({ kind }) => traits[kind].lane);
  const over = Promise.all([...lanes].map(([lane, own]) => run(lane, own))).then(() => undefined);
  return { struck, over };
}
