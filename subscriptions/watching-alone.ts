import type { Watcher } from './watcher.js';
import type { Watching } from './watching.js';

interface Parts {
  /** Instances that can be watched now. */
  instances(): readonly string[];
  begin(instance: string): Watcher;
}

/** For a store that is one process's alone: that watches everything, from the first moment, and asks nobody. */
export function watchingAlone({ instances, begin }: Parts): Watching {
  const watchers = new Map<string, Watcher>();
  return {
    observe: (instance, events, signal, began) => watchers.get(instance)!.observe(events, signal, began),
    holds: (instance) => watchers.has(instance),
    leaseOf: () => undefined,
    async tick() {
      for (const instance of instances()) if (!watchers.has(instance)) watchers.set(instance, begin(instance));
    },
    readAgain: () => watchers.forEach((each) => each.readAgain()),
    async stop() {
      await Promise.all([...watchers.values()].map((each) => each.stop()));
    },
  };
}
