import { setTimeout as sleep } from 'node:timers/promises';
import { projectionFingerprint } from '#schema/fingerprint.js';
import { configurationInstance, syncConfiguration, type ConfiguredInventory } from '#subscriptions/configured.js';
import type { Feed } from '#subscriptions/feed.js';
import type { View } from '../inventory/view.js';
import type { Logger } from '../platform/logger.js';
import type { Lease, Store } from '../platform/store/store.js';
import type { Members } from './shared-watches.js';

interface Parts {
  readonly store: Store;
  readonly feed: Feed;
  readonly view: View;
  readonly logger: Logger;
  readonly holder: string;
  readonly members: Members | undefined;
  readonly places: ConfiguredInventory;
  readonly oCloudId: string;
  readonly apiRoot: string;
}

const ttl = 8_000;

/**
 * Brings what the configuration holds into the log, one gateway after the other: the same appends nothing a second time, and
 * of what differs the last to start counts, which the log of the gateway says.
 */
export async function writeConfigured(parts: Parts): Promise<void> {
  const { store, feed, members, view, logger, oCloudId, apiRoot, places } = parts;
  const source = {
    instance: configurationInstance,
    projection: projectionFingerprint(configurationInstance),
    baseline: true,
  };
  if (!members) return void (await syncConfiguration(feed, source, places, { oCloudId, apiRoot }));
  const lease = await turn(parts);
  try {
    await view.reached(await store.head());
    const before = view.kind('OCloud').get(oCloudId) !== undefined;
    const { appended } = await syncConfiguration(feed, source, places, { oCloudId, apiRoot, fence: lease });
    if (before && appended > 0) {
      const what =
        'The store had other words for the O-Cloud, its locations or sites; those of this gateway count now.';
      const how = 'Gateways that run beside it need the same publicUrl, oCloud, locations and sites.';
      logger.warn({ changes: appended }, `${what} ${how}`);
    }
  } finally {
    await store.release(lease).catch(() => undefined);
  }
}

/** Who was killed over it makes the others wait until its lease lapses. */
async function turn({ store, holder }: Parts): Promise<Lease> {
  for (;;) {
    const lease = await store.lease('configuration', holder, ttl);
    if (lease) return lease;
    await sleep(100);
  }
}
