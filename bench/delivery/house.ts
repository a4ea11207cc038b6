import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import type { StoredObject, Value } from '#schema/change.js';
import { origin } from '#schema/position.js';
import { systemClock } from '#platform/clock.js';
import { outbound } from '#platform/outbound/client.js';
import { tokens } from '#platform/outbound/token.js';
import { sealer } from '#platform/sealed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { startDeliverer } from '#subscriptions/delivery/deliverer.js';
import { deliveries } from '#subscriptions/delivery/desk.js';
import { inventoryMatching } from '#subscriptions/delivery/inventory-matching.js';
import { postThrough } from '#subscriptions/delivery/post.js';
import { owned } from '#subscriptions/owned.js';
import { resource } from '../view.js';

const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';

/** A change of one of a thousand servers of a tenant; receivers find in it when it was made. */
export function change(n: number, sent: number, tenant: string | null = null): Entry {
  const id = `00000000-0000-5000-8${tenant === null ? '000' : tenant.charCodeAt(0).toString(16).padStart(3, '0')}-${String(n % 1000).padStart(12, '0')}`;
  const value = { ...(resource(n % 1000, 6) as Value), resourceId: id, extensions: { sent } };
  const place = { object: 'Resource', id, tenant, instance: 'bench' };
  const after = { ...place, identity: id, value, projection: 'bench' };
  return { ...place, change: 'modified', baseline: false, after, reversePatch: { description: 'before' }, marks: [] };
}

const now = () => performance.timeOrigin + performance.now();

export interface House {
  readonly store: Store;
  /** Appends changes, now; of a tenant's own objects, or of what everybody shares. */
  change(count: number, tenant?: string): Promise<void>;
  subscribe(urls: readonly string[], value?: Value, tenant?: string): Promise<void>;
  start(): Promise<() => Promise<void>>;
}

/** A store on disk, the deliverer and what it needs: everything but the gateway around it. */
export async function house<T>(work: (house: House) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'netweave-bench-'));
  const store = await openEmbeddedStore({ file: join(home, 'store.db') });
  const rows = new Map<string, StoredObject>();
  const own = owned(store);
  const callbacks = { allow: [], http: true, tenants: {}, timeout: 15_000 };
  const client = outbound({ mode: 'development', callbacks });
  const around = {
    store,
    owned: own,
    clock: systemClock,
    subscribers: {
      get: (id: string) => rows.get(id),
      all: () => rows.values(),
      position: () => origin,
      reached: () => Promise.resolve(),
    },
    matching: inventoryMatching({ publicUrl: 'https://gateway.example', oCloudId }),
    post: postThrough(client, tokens(client), callbacks.timeout),
    sealer: sealer(randomBytes(32)),
    log: (_level: string, message: string, fields: object) => console.log(message, fields),
    userAgent: 'netweave/bench',
  };
  const desk = deliveries(around);
  let n = 0;
  try {
    return await work({
      store,
      async change(count, tenant) {
        for (let left = count; left > 0; left -= 100) {
          const entries = Array.from({ length: Math.min(left, 100) }, () => change((n += 1), now(), tenant));
          await store.append({ entries });
        }
      },
      async subscribe(urls, more = {}, tenant = 'bench') {
        for (const callback of urls) {
          const id = randomUUID();
          const fixed = { filterMode: 'exclude', states: 'object', authentication: [], state: 'active' };
          const value = { subscriptionId: id, callback, apiMajor: 'v2', ordering: 'strict', ...fixed, ...more };
          await desk.begin(id, undefined);
          await own.create({ object: 'InventorySubscription', id, tenant, value });
          const [row] = await store.objects([{ object: 'InventorySubscription', id }]);
          rows.set(id, row!);
        }
      },
      async start() {
        const metrics = { delivered: () => {}, failed: () => {}, dropped: () => undefined, dead: () => {} };
        const name = randomUUID();
        const policy = { pauses: [2000] };
        const deliverer = await startDeliverer({ ...around, name, metrics, logKeeps: 86_400_000, policy });
        return () => deliverer.stop();
      },
    });
  } finally {
    client.close();
    await store.close();
    rmSync(home, { recursive: true, force: true });
  }
}
