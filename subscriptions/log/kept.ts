import { setTimeout as timeout } from 'node:timers/promises';
import type { Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';

/** Longest that a replica which does not confirm holds up everything, milliseconds, and tries that it has in that time. */
const patience = 5000;
const fewestTries = 5;
const between = 100;

/**
 * Whether what stands in the log up to a place may be told. What a failover takes away is written again under other positions,
 * or has been overtaken by then: nobody could take back what was told of it, and its notifications would come under other ids.
 * A replica that is dead, rather than about to take over, is not waited for. False: read the log again.
 */
export function keptBy(store: Pick<Store, 'confirm'>): (position: Position) => Promise<boolean> {
  let since: number | undefined;
  let tries = 0;
  let asking: Promise<unknown> | undefined;

  async function ask(position: Position): Promise<boolean> {
    try {
      const stands = await store.confirm(position);
      if (stands) since = undefined;
      return stands;
    } catch {
      if (since === undefined) [since, tries] = [performance.now(), 0];
      tries += 1;
      return false;
    }
  }

  const dead = () => since !== undefined && performance.now() - since > patience && tries > fewestTries;
  return async (position) => {
    if (!dead() && (await ask(position))) return true;
    if (dead()) {
      // Each question takes a second now: one finds out whether the replica is back, and nobody waits for it.
      asking ??= ask(position).finally(() => (asking = undefined));
      return true;
    }
    await timeout(between, undefined, { ref: false });
    return false;
  };
}
