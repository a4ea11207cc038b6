import type { ObjectName } from '#schema/objects.js';
import type { Coverage, CoverageOf } from '#subscriptions/coverage.js';
import type { Presence } from '#subscriptions/presence.js';
import type { Lease, Store } from '../platform/store/store.js';
import { allRemembered, remember, type Remembered } from './remembered.js';

/** How current backends are that other processes watch, and how they learn that of ours. */
export interface Following {
  /** Reads what others tell. */
  read(): Promise<void>;
  /** Tells what changed of the instances that this process watches. */
  tell(instances: readonly string[]): Promise<void>;
  /** Whether another process is there that watches the instance. */
  followed(instance: string): boolean;
  /** For how long nobody is known to watch it, milliseconds. */
  idle(instance: string): number;
}

interface Parts {
  readonly store: Pick<Store, 'list' | 'get' | 'put'>;
  readonly coverage: Coverage;
  readonly presence: Presence;
  readonly holder: string;
  /** Instances of the configuration that are to be read. */
  readonly instances: readonly string[];
  leaseOf(instance: string): Lease | undefined;
}

/** Told although nothing changed, so that `fresh` is not too old for those who come when everybody is gone. */
const tellAfter = 60_000;
const nobody = 'no gateway reads it at present';

export function following({ store, coverage, presence, holder, instances, leaseOf }: Parts): Following {
  const opened = performance.now();
  const lastWatched = new Map<string, number>();
  const followed = new Set<string>();
  const told = new Map<string, { readonly epoch: number; readonly version: number; readonly at: number }>();

  let known: ReadonlyMap<string, Remembered> = new Map();

  const follow = (instance: string): void => {
    followed.delete(instance);
    if (leaseOf(instance)) return void lastWatched.set(instance, performance.now());
    const { holder: by, told: of } = known.get(instance) ?? {};
    const state = by === holder ? 'gone' : presence.of(by);
    if (state !== 'gone') lastWatched.set(instance, performance.now());
    if (state === 'gone') {
      // Who was gone before we came is told by what was remembered: that stays until somebody may have begun.
      if (presence.of(undefined) === 'gone' || by === holder) coverage.away(instance, nobody);
    } else if (state === 'here' && of) {
      followed.add(instance);
      coverage.follow(instance, of, presence.heard(by!) ?? Date.now());
    }
  };
  return {
    async read() {
      try {
        known = await allRemembered(store);
      } finally {
        // Who is not heard because the store is away is gone after a while, too.
        instances.forEach(follow);
      }
    },
    async tell(held) {
      const [version, now] = [coverage.version(), performance.now()];
      for (const instance of held) {
        const fence = leaseOf(instance);
        const before = told.get(instance);
        if (!fence) continue;
        if (before?.epoch === fence.epoch && before.version === version && now - before.at < tellAfter) continue;
        const of = coverage.tell(instance, Date.now());
        const objects = Object.keys(of) as ObjectName[];
        const value = { objects, fresh: freshOf(of), holder, told: of };
        if (await remember(store, instance, value, { fence, loose: true }))
          told.set(instance, { epoch: fence.epoch, version, at: now });
      }
    },
    followed: (instance) => followed.has(instance),
    idle: (instance) => performance.now() - (lastWatched.get(instance) ?? opened),
  };
}

function freshOf(told: CoverageOf): Readonly<Partial<Record<ObjectName, number>>> {
  const times = Object.entries(told).flatMap(([object, { fresh }]) => (fresh === undefined ? [] : [[object, fresh]]));
  return Object.fromEntries(times) as Partial<Record<ObjectName, number>>;
}
