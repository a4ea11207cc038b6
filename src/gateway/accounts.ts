import { definitionOf, objectNames, type ObjectName } from '#schema/objects.js';
import type { Coverage } from '#subscriptions/coverage.js';
import type { Logger } from '../platform/logger.js';
import type { Store } from '../platform/store/store.js';
import type { Following } from './following.js';
import { remember, type Remembered } from './remembered.js';

/** Said of what an enabled backend held before the start, until it is read or found to be away. */
export const notReadYet = 'not read since the start';

const look = 5_000;
const rewriteAfter = 60_000;

/** Keeps account of when each backend was last known to be current, also over a restart. */
export interface Accounts {
  /** A backend that nobody will read: what it held stays, named with the reason. */
  leave(instance: string, reason: string): void;
  /** A backend that is not connected yet: it may hold what it held before, or anything. */
  expect(instance: string): void;
  /** What a connected backend may hold. */
  open(instance: string, objects: readonly ObjectName[]): void;
  /** Writes down where things stand and ends. */
  close(): Promise<void>;
}

interface Surroundings {
  readonly coverage: Coverage;
  readonly store: Store;
  readonly logger: Logger;
  readonly remembered: ReadonlyMap<string, Remembered>;
  /** Objects that each backend synced once in the life of the store. */
  readonly once: ReadonlyMap<string, ReadonlySet<string>>;
  /** Present where several processes share the store: then who watches a backend keeps its account. */
  readonly following?: Pick<Following, 'followed'>;
}

export function accounts({ coverage, store, logger, remembered, once, following }: Surroundings): Accounts {
  const open = new Map<string, readonly ObjectName[]>();
  const introduce = (instance: string, objects: readonly ObjectName[], synced = once.get(instance)): void => {
    coverage.expect(instance, objects, synced ?? new Set());
    const fresh = remembered.get(instance)?.fresh ?? {};
    for (const object of objects) {
      const at = fresh[object];
      if (at !== undefined) coverage.synced(instance, object, at);
    }
    if (Object.keys(fresh).length > 0) coverage.away(instance, notReadYet);
  };
  const save = async (instance: string): Promise<void> => {
    const objects = open.get(instance)!;
    try {
      await remember(store, instance, { objects, fresh: freshness(coverage, instance, objects) });
    } catch (error) {
      logger.warn({ err: error, instance }, 'Could not note when the backend was last current.');
    }
  };
  const timer = following ? undefined : everyChange(coverage, () => void saveAll());
  const saveAll = () => Promise.all([...open.keys()].map(save));
  return {
    leave(instance, reason) {
      const { objects = [] } = remembered.get(instance) ?? {};
      if (objects.length === 0) return;
      introduce(instance, objects, new Set(objects));
      coverage.away(instance, reason);
    },
    expect: (instance) => introduce(instance, remembered.get(instance)?.objects ?? anything),
    open(instance, objects) {
      if (following?.followed(instance)) return;
      introduce(instance, objects);
      if (following) return;
      open.set(instance, objects);
      void save(instance);
    },
    async close() {
      clearInterval(timer);
      await saveAll();
    },
  };
}

/** What a backend may hold of which nothing is known: all but what the configuration alone says. */
const anything = objectNames.filter((object) => {
  const { singleton, owned } = definitionOf(object);
  return !singleton && !owned;
});

/** What is current is so now; of the rest, when it last was. */
function freshness(coverage: Coverage, instance: string, objects: readonly ObjectName[]): Remembered['fresh'] {
  const now = Date.now();
  return Object.fromEntries(
    objects.flatMap((object) => {
      const gap = coverage.gaps(object).find((each) => each.instance === instance);
      const at = gap ? gap.fresh : now;
      return at === undefined ? [] : [[object, at]];
    }),
  );
}

/** Calls back soon after a change of the coverage, and once a minute without one. */
function everyChange(coverage: Coverage, changed: () => void): NodeJS.Timeout {
  let seen = coverage.version();
  let last = performance.now();
  const timer = setInterval(() => {
    if (coverage.version() === seen && performance.now() - last < rewriteAfter) return;
    [seen, last] = [coverage.version(), performance.now()];
    changed();
  }, look);
  return timer.unref();
}
