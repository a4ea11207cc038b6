import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../peers/two-gateways.js';
import type { Cast } from './cast.js';

/** Milliseconds for each answer: a run that failed has little time left. */
const within = 800;

interface Listed {
  readonly subscriptionId: string;
  readonly callback: string;
  readonly state: string;
}

/**
 * Writes down how each subscription is doing, as a gateway says: by this, what waits for its next attempt can be told from what
 * nobody sees to.
 */
export async function keepDeliveries(folder: string, { gateways }: Cast): Promise<void> {
  const lines = await first(gateways.all.map(({ url }) => deliveriesOf(`${url}/netweave/v1/inventorySubscriptions`)));
  writeFileSync(join(folder, 'deliveries.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

async function deliveriesOf(subscriptions: string): Promise<readonly object[]> {
  const { items } = JSON.parse(await textOf(subscriptions, within)) as { readonly items: readonly Listed[] };
  return Promise.all(
    items.map(async ({ subscriptionId, callback, state }) => {
      const delivery = await textOf(`${subscriptions}/${subscriptionId}/delivery`, within);
      return { callback, state, ...(JSON.parse(delivery) as object) };
    }),
  );
}

/** Of the gateway that answers first; nothing when none does. */
function first(all: readonly Promise<readonly object[]>[]): Promise<readonly object[]> {
  return Promise.any(all).catch(() => []);
}
