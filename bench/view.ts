import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Value } from '#schema/change.js';
import type { Filter } from '#schema/filter/ast.js';
import type { Scope } from '#schema/scope.js';
import { objectId } from '#adapters/kit/identity.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { marksOf } from '#subscriptions/marks.js';
import { count, page } from '#src/inventory/query.js';
import { openView, type View } from '#src/inventory/view.js';

export interface ViewMeasurement {
  readonly resources: number;
  readonly nested: number;
  /** From an opened store to a view that answers, milliseconds. */
  readonly load: number;
  /** Of the whole process afterwards, megabytes. */
  readonly resident: number;
  readonly heap: number;
  /** An unindexed filter over everything, nanoseconds per object looked at; `tenants`: as one tenant among eight. */
  readonly scan: number;
  readonly scanOfTenant: number;
  /** Longest turn of the event loop during such a scan, milliseconds. */
  readonly longestTurn: number;
  /** A filter on an indexed attribute, and one page of 100 in id order, microseconds. */
  readonly indexed: number;
  readonly page: number;
  /** What the view adds to a change in a batch of 100, microseconds: read from the log, parsed, applied. */
  readonly change: number;
}

const cloud = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
const tenants = [null, null, null, 'red', 'green', 'blue', 'grey', 'pink'];
const parts = ['cpu0', 'cpu1', 'mem0', 'nic0', 'nic1', 'drv0', 'acc0', 'ptp0'];
const id = (object: 'Resource' | 'ResourcePool' | 'ResourceType', identity: string) =>
  objectId(cloud, 'bench', object, identity);

/** A server of the size that the simulated O-Cloud has: seven resources in one, about 2.5 kB of JSON. */
export function resource(n: number, nested: number, marked = ''): Value {
  const pool = id('ResourcePool', `pool-${n % 300}`);
  return {
    resourceId: id('Resource', `server-${n}`),
    resourcePoolId: pool,
    resourceTypeId: id('ResourceType', `model-${n % 40}`),
    globalAssetId: `urn:asset:${n}`,
    description: `Server ${n} in rack ${n % 5000}${marked}`,
    tags: [`rack-${n % 5000}`, n % 3 === 0 ? 'edge' : 'core'],
    groups: [`group-${n % 12}`],
    extensions: {
      administrativeState: 'unlocked',
      health: 'ok',
      hostname: `host-${n}`,
      rack: `rack-${n % 5000}`,
      unit: n % 42,
    },
    elements: parts.slice(0, nested).map((slot) => ({
      resourceId: id('Resource', `server-${n}/${slot}`),
      resourcePoolId: pool,
      resourceTypeId: id('ResourceType', slot),
      globalAssetId: `SN-${slot}-${n}`,
      description: `Component ${slot}`,
      tags: [],
      groups: [],
      extensions: { slot },
      elements: [],
    })),
  };
}

function entry(n: number, nested: number, change: Entry['change'], marked?: string): Entry {
  const value = resource(n, nested, marked);
  const tenant = tenants[n % tenants.length]!;
  const place = { object: 'Resource', id: value['resourceId'] as string, tenant, instance: 'bench' };
  const after = { ...place, identity: `server-${n}`, value, nativeVersion: `${n}`, projection: 'bench' };
  return { ...place, change, baseline: true, after, marks: marksOf('Resource', tenant, [value]) };
}

async function append(store: Store, entries: readonly Entry[]): Promise<void> {
  const { outcome } = await store.append({ entries });
  if (outcome !== 'appended') throw new Error(`The store refused a batch: ${outcome}.`);
}

/** Writes a store that `measureView` reads; in a process of its own, so that its garbage is not measured. */
export async function fillStore(file: string, resources: number, nested: number): Promise<void> {
  await rm(file, { force: true });
  const store = await openEmbeddedStore({ file });
  for (let begin = 0; begin < resources; begin += 500) {
    const size = Math.min(500, resources - begin);
    await append(
      store,
      Array.from({ length: size }, (_, index) => entry(begin + index, nested, 'created')),
    );
  }
  await store.close();
}

const everything: Scope = { tenant: undefined, permissions: new Set(), key: '*' };
const red: Scope = { tenant: 'red', permissions: new Set(), key: 't:red' };
const unindexed: Filter = { operator: 'cont', path: ['description'], values: ['Server 99999 in'] };

/** Measures a view over a store that `fillStore` wrote. */
export async function measureView(file: string, resources: number, nested: number): Promise<ViewMeasurement> {
  const store = await openEmbeddedStore({ file });
  const alone = await changes(store, resources, nested);
  const began = performance.now();
  const view = await openView(store, (message, error) => {
    throw new Error(message, { cause: error });
  });
  const load = performance.now() - began;
  // What a start leaves for later is part of what it holds.
  while (!view.kind('Resource').posts('globalAssetId')) await sleep(50);
  global.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const scanned = await scans(view);
  const queries = await lookups(view);
  const change = (await changes(store, resources, nested, view)) - alone;
  view.stop();
  await store.close();
  return { resources, nested, load, resident: rss / 2 ** 20, heap: heapUsed / 2 ** 20, ...scanned, ...queries, change };
}

async function scans(view: View): Promise<Pick<ViewMeasurement, 'scan' | 'scanOfTenant' | 'longestTurn'>> {
  const perObject = async (scope: Scope) => {
    const looked = view.kind('Resource').all.size(scope);
    const query = { object: 'Resource', filter: unindexed };
    for (let warm = 0; warm < 3; warm += 1) await count(view, scope, query);
    const began = performance.now();
    for (let round = 0; round < 10; round += 1) await count(view, scope, query);
    return ((performance.now() - began) * 1e6) / (looked * 10);
  };
  const scan = await perObject(everything);
  const scanOfTenant = await perObject(red);
  let longestTurn = 0;
  let last = performance.now();
  const heart = setInterval(() => {
    longestTurn = Math.max(longestTurn, performance.now() - last);
    last = performance.now();
  }, 0);
  for (let round = 0; round < 5; round += 1)
    await page(view, everything, { object: 'Resource', filter: unindexed, limit: 100 });
  clearInterval(heart);
  return { scan, scanOfTenant, longestTurn };
}

async function lookups(view: View): Promise<Pick<ViewMeasurement, 'indexed' | 'page'>> {
  const each = async (query: Parameters<typeof page>[2]) => {
    const rounds = 2000;
    for (let warm = 0; warm < rounds; warm += 1) await page(view, everything, query);
    const began = performance.now();
    for (let round = 0; round < rounds; round += 1) await page(view, everything, query);
    return ((performance.now() - began) * 1000) / rounds;
  };
  const filter: Filter = { operator: 'eq', path: ['globalAssetId'], values: ['urn:asset:4711'] };
  const after = { id: '80000000-0000-5000-8000-000000000000' };
  return {
    indexed: await each({ object: 'Resource', filter, limit: 100 }),
    page: await each({ object: 'Resource', after, limit: 100 }),
  };
}

/** Microseconds a change, in batches of 100 that are durable, and applied if there is a view. */
async function changes(store: Store, resources: number, nested: number, view?: View): Promise<number> {
  const batches = 50;
  let spent = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const entries = Array.from({ length: 100 }, (_, index) => {
      return entry(
        (batch * 7919 + index * 31) % resources,
        nested,
        'modified',
        `, ${view ? 'seen' : 'unseen'} ${batch}`,
      );
    });
    const began = performance.now();
    await append(store, entries);
    await view?.reached(await store.head());
    spent += performance.now() - began;
  }
  return (spent * 1000) / (batches * 100);
}
