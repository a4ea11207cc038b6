import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from '#platform/config/redis.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { openView } from '#src/inventory/view.js';
import { startRedis } from '#test/peers/redis-server.js';

const population = 100_000;

export interface AppendMeasurement {
  /** Changes a second, each durable when counted. */
  readonly onePerCommit: number;
  readonly batchesOf100: number;
  /** The same of objects that exist: what a backend that is followed brings. */
  readonly existing: number;
  /** 100 callers at once, one change each: what group commit makes of them. */
  readonly oneByHundredCallers: number;
  /** Slowest single append of the first case, milliseconds. */
  readonly slowestAppend: number;
  /** Reading and parsing 100,000 objects of about 650 bytes from an opened file, milliseconds. */
  readonly load: number;
  /** Opening that file, milliseconds. */
  readonly open: number;
}

export interface RedisMeasurement {
  /** Changes a second from one process, each acknowledged when counted; a Redis beside it that appends to a file. */
  readonly batchesOf100: number;
  /** Eight batches of 100 on their way at once. */
  readonly pipelined: number;
  readonly oneByOne: number;
  /** From nothing to a view of 100,000 objects that may serve, milliseconds. */
  readonly join: number;
}

/** A change as the feed writes it; its value is about 650 bytes of JSON. */
function change(n: number): Entry {
  const id = `${(n * 2654435761) % 2 ** 32}-5c1e-5d2a-9f00-${n}`;
  const value = {
    resourceId: id,
    resourceTypeId: '7f0f6f0e-2d2c-5d53-8d0e-6f1f5d8a0b11',
    resourcePoolId: '1d9f2a34-0c5e-5a44-b1d4-2f3c9a7e6d10',
    globalAssetId: `urn:asset:${n}`,
    description: `Server ${n} of the bench, described at some length. `.repeat(3),
    extensions: {
      cpu: 64,
      memory: '512Gi',
      labels: { zone: `zone-${n % 9}`, rack: `rack-${n % 99}` },
      serial: `SN${n}`,
    },
    groups: ['compute', 'edge', 'accelerated'],
    tags: ['a-label-of-some-length', 'another-label', 'and-a-third'],
  };
  const object = { object: 'Resource', id, tenant: null, instance: 'bench' };
  const after = { ...object, identity: `native-${n}`, value, nativeVersion: `${n}`, projection: 'bench' };
  return { ...object, change: 'created', baseline: false, after, marks: ['resources', `pool/${n % 100}`] };
}

function again(n: number): Entry {
  return { ...change(n), change: 'modified', reversePatch: { description: 'As it was before.' } };
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(count / ((performance.now() - began) / 1000));
}

/** Durable appends to an embedded store in a file, and the load of 100,000 objects; takes about ten seconds. */
export async function measureAppends(folder = tmpdir()): Promise<AppendMeasurement> {
  const home = mkdtempSync(join(folder, 'netweave-bench-'));
  const file = join(home, 'store.db');
  try {
    const store = await openEmbeddedStore({ file });
    const appends = await measureRates(store);
    await store.close();
    return { ...appends, ...(await measureLoad(file)) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureRates(store: Store) {
  let next = 0;
  let slowestAppend = 0;
  const one = async () => {
    const began = performance.now();
    await store.append({ entries: [change(next++)] });
    slowestAppend = Math.max(slowestAppend, performance.now() - began);
  };
  const onePerCommit = await perSecond(5_000, async () => {
    for (let n = 0; n < 5_000; n += 1) await one();
  });
  const slowest = Math.round(slowestAppend);
  const oneByHundredCallers = await perSecond(20_000, async () => {
    for (let n = 0; n < 20_000; n += 100) await Promise.all(Array.from({ length: 100 }, one));
  });
  const rest = population - next;
  const batchesOf100 = await perSecond(rest, async () => {
    while (next < population) await store.append({ entries: Array.from({ length: 100 }, () => change(next++)) });
  });
  const existing = await perSecond(20_000, async () => {
    for (let n = 0; n < 20_000; n += 100)
      await store.append({ entries: Array.from({ length: 100 }, (_, k) => again(n + k)) });
  });
  return { onePerCommit, oneByHundredCallers, batchesOf100, existing, slowestAppend: slowest };
}

async function measureLoad(file: string) {
  const began = performance.now();
  const store = await openEmbeddedStore({ file });
  const opened = performance.now();
  let loaded = 0;
  for await (const chunk of (await store.snapshot()).objects) loaded += chunk.length;
  const ended = performance.now();
  await store.close();
  if (loaded !== population) throw new Error(`Loaded ${loaded} of ${population} objects.`);
  return { open: Math.round(opened - began), load: Math.round(ended - opened) };
}

/** Appends to a Redis of its own on this machine, and how long a gateway takes that joins; takes about twenty seconds. */
export async function measureRedis(): Promise<RedisMeasurement> {
  const server = await startRedis();
  const settings = Redis.parse({ port: server.port });
  try {
    const store = await openRedisStore(settings);
    let next = 0;
    const batch = async () => void (await store.append({ entries: Array.from({ length: 100 }, () => change(next++)) }));
    const oneByOne = await perSecond(5_000, async () => {
      for (let n = 0; n < 5_000; n += 1) await store.append({ entries: [change(next++)] });
    });
    const batchesOf100 = await perSecond(45_000, async () => {
      while (next < 50_000) await batch();
    });
    const pipelined = await perSecond(50_000, async () => {
      const writers = Array.from({ length: 8 }, async () => {
        while (next < population) await batch();
      });
      await Promise.all(writers);
    });
    await store.close();
    return { oneByOne, batchesOf100, pipelined, join: await measureJoin(settings) };
  } finally {
    await server.remove();
  }
}

async function measureJoin(settings: Parameters<typeof openRedisStore>[0]): Promise<number> {
  const began = performance.now();
  const store = await openRedisStore(settings);
  const view = await openView(store, (message, error) => {
    throw new Error(message, { cause: error });
  });
  const ready = performance.now();
  const size = view.kind('Resource').all.size({ tenant: undefined, permissions: new Set(), key: '*' });
  view.stop();
  await store.close();
  if (size !== population) throw new Error(`Joined with ${size} of ${population} objects.`);
  return Math.round(ready - began);
}
