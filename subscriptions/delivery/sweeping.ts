import type { Clock } from '#platform/clock.js';
import type { Store } from '#platform/store/store.js';
import { ending, orphans } from './ending.js';

export interface Sweeping {
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest between what is kept of a subscription and the subscription itself, milliseconds. */
  readonly grace: number;
  /** Whether a shard is still looked after here. */
  mine(shard: number): boolean;
  failed(error: unknown): void;
}

/** Forgets what a crash left of subscriptions that never stood, or stand no longer. */
export function sweeper(around: Sweeping): (shard: number) => void {
  const waiting = new Set<number>();
  let running = false;
  const run = async () => {
    while (waiting.size > 0) {
      const shards = new Set(waiting);
      waiting.clear();
      await sweep(around, shards);
    }
  };
  return (shard) => {
    waiting.add(shard);
    if (running) return;
    running = true;
    run()
      .catch((error: unknown) => around.failed(error))
      .finally(() => (running = false));
  };
}

async function sweep({ store, clock, signal, grace, mine }: Sweeping, shards: ReadonlySet<number>): Promise<void> {
  const found = new Map<string, () => Promise<void>>();
  for (const id of await orphans(store, shards)) found.set(id, await ending(store, id));
  if (found.size === 0) return;
  // One that is being made has its documents before it stands.
  await clock.sleep(grace, signal);
  const held = new Set([...shards].filter(mine));
  for (const id of await orphans(store, held)) if (!signal.aborted) await found.get(id)?.();
}
