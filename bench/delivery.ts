import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import type { StoredObject, Value } from '#schema/change.js';
import { systemClock } from '#platform/clock.js';
import { outbound } from '#platform/outbound/client.js';
import { signatureHeaders, newSecret } from '#platform/outbound/signature.js';
import { tokens } from '#platform/outbound/token.js';
import { sealer } from '#platform/sealed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { startDeliverer } from '#subscriptions/delivery/deliverer.js';
import { deliveries } from '#subscriptions/delivery/desk.js';
import { inventoryMatching } from '#subscriptions/delivery/inventory-matching.js';
import { postThrough } from '#subscriptions/delivery/post.js';
import { owned } from '#subscriptions/owned.js';
import { median } from './alternate.js';
import { receivers, type Receivers } from './receivers.js';
import { resource } from './view.js';

// `node dist/bench/delivery.js`: how fast what is owed is posted, to receivers on loopback in another process.
const tenant = 'bench';
/** Changes that are told before anything is measured: code is compiled by then. */
const warmUp = 50;
const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';

/** A change of one of a thousand servers; receivers find in it when it was made. */
function change(n: number, sent: number): Entry {
  const id = `00000000-0000-5000-8000-${String(n % 1000).padStart(12, '0')}`;
  const value = { ...(resource(n % 1000, 6) as Value), resourceId: id, extensions: { sent } };
  const place = { object: 'Resource', id, tenant: null, instance: 'bench' };
  const after = { ...place, identity: id, value, projection: 'bench' };
  return { ...place, change: 'modified', baseline: false, after, reversePatch: { description: 'before' }, marks: [] };
}

const now = () => performance.timeOrigin + performance.now();

interface House {
  readonly store: Store;
  /** Appends changes, now. */
  change(count: number): Promise<void>;
  subscribe(urls: readonly string[], value?: Value): Promise<void>;
  start(): Promise<() => Promise<void>>;
}

/** A store on disk, the deliverer and what it needs: everything but the gateway around it. */
async function house<T>(work: (house: House) => Promise<T>): Promise<T> {
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
    subscribers: { get: (id: string) => rows.get(id), all: () => rows.values(), reached: () => Promise.resolve() },
    matching: inventoryMatching({ publicUrl: 'https://gateway.example', oCloudId }),
    post: postThrough(client, tokens(client)),
    sealer: sealer(randomBytes(32)),
    log: (_level: string, message: string, fields: object) => console.log(message, fields),
    userAgent: 'netweave/bench',
  };
  const desk = deliveries(around);
  let n = 0;
  try {
    return await work({
      store,
      async change(count) {
        for (let left = count; left > 0; left -= 100) {
          const entries = Array.from({ length: Math.min(left, 100) }, () => change((n += 1), now()));
          await store.append({ entries });
        }
      },
      async subscribe(urls, more = {}) {
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

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const sum = (all: readonly number[]) => all.reduce((total, each) => total + each, 0);

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

async function taken(to: Receivers, count: number): Promise<void> {
  while (sum((await to.tell({})).taken) < count) await pause(20);
}

function line(name: string, measured: number, unit: string, limit?: { most?: number; least?: number }): void {
  const { most = Infinity, least = -Infinity } = limit ?? {};
  const holds = measured <= most && measured >= least;
  const wanted = limit ? ` (${limit.most === undefined ? `at least ${least}` : `at most ${most}`})` : '';
  console.log(`${holds ? 'ok' : 'MISSED'}: ${name}: ${measured.toFixed(2)} ${unit}${wanted}`);
  if (!holds) process.exitCode = 1;
}

async function latencies(to: Receivers): Promise<readonly number[]> {
  return [...(await to.tell({ tell: true })).latencies].sort((a, b) => a - b);
}

async function atRest(to: Receivers): Promise<void> {
  await house(async ({ change, subscribe, start }) => {
    await subscribe([to.urls[0]!]);
    const stop = await start();
    await change(5);
    await taken(to, 5);
    await to.tell({ forget: true });
    for (let n = 0; n < 60; n += 1) {
      await pause(100);
      await change(1);
    }
    await taken(to, 60);
    line('change to first POST at rest, p50', at(await latencies(to), 0.5), 'ms', { most: 8 });
    await stop();
  });
}

async function steady(to: Receivers): Promise<void> {
  await house(async ({ change, subscribe, start }) => {
    await subscribe(to.urls);
    const stop = await start();
    await change(warmUp);
    await taken(to, warmUp * to.urls.length);
    await to.tell({ forget: true });
    const events = 300;
    const began = performance.now();
    for (let n = 0; n < events; n += 1) {
      await pause(Math.max(0, began + n * 50 - performance.now()));
      await change(1);
    }
    await taken(to, events * to.urls.length);
    const sorted = await latencies(to);
    line('20 changes/s for 100 subscriptions, p50', at(sorted, 0.5), 'ms', { most: 20 });
    line('20 changes/s for 100 subscriptions, p99', at(sorted, 0.99), 'ms', { most: 150 });
    await stop();
  });
}

/** Posts the same bodies with nothing around: one after another to each receiver, all receivers at once. */
async function bare(to: Receivers, each: number): Promise<Pace> {
  const agent = new Agent({ keepAlive: true });
  const secrets = to.urls.map(newSecret);
  const bodies = Array.from({ length: each }, (_, n) => {
    const { value } = change(n, 0).after!;
    const head = { notificationId: randomUUID(), notificationEventType: 1, objectRef: 'https://gateway.example/r' };
    return JSON.stringify({ ...head, priorObjectState: value, postObjectState: value });
  });
  const post = (url: string, secret: string, body: string) =>
    new Promise<void>((resolve, reject) => {
      const signed = signatureHeaders({ id: randomUUID(), time: Date.now(), body, secrets: [secret] });
      const headers = { ...signed, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const asked = request(url, { agent, method: 'POST', headers }, (response) =>
        response.resume().on('end', resolve),
      );
      asked.on('error', reject);
      asked.end(body);
    });
  const start = started();
  const one = async (url: string, index: number) => {
    for (const body of bodies) await post(url, secrets[index]!, body);
  };
  await Promise.all(to.urls.map(one));
  const spent = paceOf(each * to.urls.length, start);
  agent.destroy();
  return spent;
}

interface Pace {
  /** A second, by the clock and by the CPU that this process took. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const started = () => ({ clock: performance.now(), cpu: process.cpuUsage() });

function paceOf(count: number, start: ReturnType<typeof started>): Pace {
  const { user, system } = process.cpuUsage(start.cpu);
  const perSecond = count / ((performance.now() - start.clock) / 1000);
  return { perSecond, perCpuSecond: count / ((user + system) / 1e6) };
}

/** In turns, for what else the machine does changes by the second. */
async function rate(to: Receivers): Promise<void> {
  const [each, rounds] = [30, 15];
  const pairs: { readonly own: Pace; readonly alone: Pace }[] = [];
  await house(async ({ change, subscribe, start }) => {
    await subscribe(to.urls);
    const stop = await start();
    const all = async () => {
      await to.tell({ forget: true });
      const began = started();
      await change(each);
      await taken(to, each * to.urls.length);
      return paceOf(each * to.urls.length, began);
    };
    for (let round = -2; round < rounds; round += 1) {
      const [alone, own] = [await bare(to, each), await all()];
      if (round >= 0) pairs.push({ own, alone });
    }
    await stop();
  });
  const middle = (of: (pair: (typeof pairs)[0]) => number) => median(pairs.map(of));
  line(
    'notifications/s to 100 endpoints',
    middle(({ own }) => own.perSecond),
    '/s',
  );
  line(
    'the same bodies in a bare loop',
    middle(({ alone }) => alone.perSecond),
    '/s',
  );
  line(
    'their ratio',
    middle(({ own, alone }) => own.perSecond / alone.perSecond),
    '',
    { least: 0.5 },
  );
  line(
    'by CPU',
    middle(({ own, alone }) => own.perCpuSecond / alone.perCpuSecond),
    '',
    { least: 0.5 },
  );
  line(
    'CPU of a notification',
    middle(({ own }) => 1e6 / own.perCpuSecond),
    'µs',
  );
}

async function distant(to: Receivers): Promise<void> {
  for (const [ordering, least] of [
    ['strict', 40],
    ['resource', 250],
  ] as const) {
    await to.tell({ forget: true, delay: 20 });
    await house(async ({ change, subscribe, start }) => {
      await subscribe([to.urls[0]!], { ordering });
      const stop = await start();
      const count = 10 * least;
      const began = performance.now();
      await change(count);
      await taken(to, count);
      line(`20 ms away, ${ordering}`, count / ((performance.now() - began) / 1000), '/s', { least });
      await stop();
    });
  }
  await to.tell({ delay: 0 });
}

async function outage(to: Receivers): Promise<void> {
  const owed = 500;
  await to.tell({ forget: true, down: true });
  await house(async ({ change, subscribe, start }) => {
    await subscribe(to.urls, { ordering: 'resource' });
    const stop = await start();
    await change(owed);
    await pause(1500);
    await to.tell({ forget: true, down: false });
    const began = performance.now();
    await taken(to, owed * to.urls.length);
    const seconds = (performance.now() - began) / 1000;
    line('50,000 owed after an outage of 100 receivers', (owed * to.urls.length) / seconds, '/s', { least: 300 });
    line('requests at once to one of them', (await to.tell({})).widest, '', { most: 8 });
    await stop();
  });
}

const cases = { atRest, steady, rate, distant, outage };
for (const [name, run] of Object.entries(cases)) {
  if (process.argv.length > 2 && !process.argv.includes(name)) continue;
  const to = await receivers(100);
  await run(to);
  to.stop();
}
