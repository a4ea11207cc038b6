import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.js';
import type { Fault } from './schedule.js';
import { subscriptions } from './subscribe.js';

const path = '/netweave/v1/inventorySubscriptions';
const patience = 3000;
/** For so long a consumer asks again, milliseconds: gateways and their store are away just then. */
const longest = 60_000;

interface Row {
  readonly subscriptionId: string;
  readonly callback: string;
}

/** A subscription that is checked, and what its consumer asks of it. */
export interface Consumer {
  readonly name: string;
  /** `pause`, `resume` or `rotateSecret`. Resolves when some gateway has done it. */
  ask(what: string): Promise<void>;
}

export async function consumerOf(cast: Cast, { pick }: Fault): Promise<Consumer> {
  const { name } = subscriptions[Math.floor(pick * subscriptions.length)]!;
  const rows = (await answered(cast, path, 'GET')) as { readonly items: readonly Row[] };
  const row = rows.items.find(({ callback }) => new URL(callback).pathname === `/${name}`);
  if (!row) throw new Error(`There is no subscription '${name}'.`);
  return { name, ask: async (what) => void (await answered(cast, `${path}/${row.subscriptionId}/${what}`, 'POST')) };
}

/** Asks one gateway after the other until one has answered with success. */
async function answered({ gateways }: Cast, asked: string, method: string): Promise<unknown> {
  let last: unknown;
  for (const end = Date.now() + longest; Date.now() < end; await sleep(200)) {
    for (const { url } of gateways.all) {
      try {
        const answer = await fetch(url + asked, { method, signal: AbortSignal.timeout(patience) });
        if (answer.ok) return await answer.json().catch(() => undefined);
        last = `${answer.status} ${await answer.text()}`;
      } catch (error) {
        last = error;
      }
    }
  }
  throw new Error(`${method} ${asked} was done by nobody within ${longest / 1000} s: ${String(last)}`);
}
