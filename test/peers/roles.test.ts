import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { Redis as Settings } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { kinds } from '#subscriptions/delivery/documents.js';
import { check, type Interest } from '../faults/checker.js';
import { keepLedger } from '../faults/keep-ledger.js';
import type { Ledger } from '../faults/ledger.js';
import type { Receipt } from '../faults/receipt.js';
import { startReceiver, type Receiver } from '../faults/receiver.js';
import { configurationOf, until } from '../gateway-under-test.js';
import { startProcess, type GatewayProcess } from '../gateway-process.js';
import { freePort } from './free-port.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { sharedYaml, textOf } from './two-gateways.js';

type Role = 'api' | 'watch' | 'deliver';

const all = { types: ['ResourcePoolInfo', 'ResourceInfo'], events: ['created', 'modified', 'deleted'] } as const;
const interests: readonly Interest[] = [
  { name: 'strict', ordering: 'strict', ...all },
  { name: 'by-resource', ordering: 'resource', ...all },
];
const folder = mkdtempSync(join(tmpdir(), 'netweave-roles-'));
const receipts: Receipt[] = [];
/** What the next answers of the receiver wait for. */
const held: Promise<number>[] = [];
const processes = {} as Record<Role, GatewayProcess>;
const ids = new Map<string, string>();
const closing: (() => unknown)[] = [];
let redis: RedisServer;
let proxy: TcpProxy;
let oCloud: OCloud;
let ledger: Ledger;
let callback: Receiver;
let site: string;
let store: Store;

const verdict = () => check({ interests, histories: ledger.histories, receipts });
const everythingArrived = () => until(() => verdict().received === verdict().owed);

/** Who delivers reaches Redis through a proxy, unless told otherwise. */
async function run(runs: Role, name: string = runs): Promise<GatewayProcess> {
  const { port } = name === 'deliver' ? proxy : redis;
  const config = join(folder, `${name}.yaml`);
  const health = runs === 'api' ? '' : `\nmetrics: { listen: { port: ${await freePort()} } }`;
  const yaml = `${sharedYaml}\nruns: ${runs}\ncallbacks: { timeout: 30s }${health}`;
  const simulators = { east: { url: oCloud.url } };
  writeFileSync(config, configurationOf({ simulators, store: { redis: { port } }, yaml }));
  const started = await startProcess(folder, '--config', config);
  expect([name, started.url, started.error]).toEqual([name, expect.stringMatching(/^http/), '']);
  closing.push(() => started.signal('SIGKILL'));
  return started;
}

async function ask(method: string, url: string, body?: object): Promise<string> {
  const sent = body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  const answer = await fetch(url, { method, ...sent });
  const text = await answer.text();
  expect([url, answer.status < 300, text]).toEqual([url, true, text]);
  return text;
}

let [revision, made] = [0, 0];
const attributes = (more: object = {}) => ({ ...more, revision: (revision += 1) });

/** So many changes at the O-Cloud itself: new pools, new states of them, and an end of one that was told of. */
async function change(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const told = new Set(receipts.filter(({ taken }) => taken).map(({ object }) => object));
    const { living } = ledger;
    const known = living.filter(({ object }) => told.has(object));
    const [first, last] = [known[0], living.at(-1)];
    const name = `pool-${(made += 1)}`;
    if (n % 4 === 3 && first) await ask('DELETE', `${oCloud.url}/v1/pools/${first.id}`);
    else if (n % 2 === 1 && last) await ask('PATCH', `${oCloud.url}/v1/pools/${last.id}`, { attributes: attributes() });
    else {
      const body = { name, summary: '', site, attributes: attributes({ history: name }) };
      await ask('POST', `${oCloud.url}/v1/pools`, body);
    }
    await sleep(20);
  }
}

/** SIGKILL. */
async function kill(role: Role): Promise<void> {
  processes[role].signal('SIGKILL');
  expect(await processes[role].ended).toBe('SIGKILL');
}

/** One of what a process says of its deliveries. */
const metric = async (name: 'shards' | 'under_way', { url }: GatewayProcess) =>
  Number(new RegExp(`^netweave_delivery_${name} (\\d+)`, 'm').exec(await textOf(`${url}/metrics`))?.[1]);

beforeAll(async () => {
  [redis, oCloud] = await Promise.all([startRedis(), startOCloud({ size: 20, pools: 3 })]);
  proxy = await startTcpProxy(redis.port);
  const kept = await keepLedger(oCloud.url);
  ledger = kept.ledger;
  callback = await startReceiver({ record: receipts, slowness: () => held.shift() ?? 0 });
  store = await openRedisStore(Settings.parse({ port: redis.port }));
  closing.push(
    () => oCloud.close(),
    kept.stop,
    () => callback.close(),
    () => proxy.close(),
  );
  const [line] = (await (await fetch(`${oCloud.url}/v1/sites`)).text()).split('\n');
  site = (JSON.parse(line!) as { readonly id: string }).id;
  const starting = (['api', 'watch', 'deliver'] as const).map(async (role) => (processes[role] = await run(role)));
  await Promise.all(starting);
  const ready = `${processes.api.url}/readyz?verbose`;
  await until(async () => (await textOf(ready)).includes('[+] backend east'));
  for (const { name, ordering } of interests) {
    const body = { callback: `http://127.0.0.1:${callback.port}/${name}`, ordering };
    const text = await ask('POST', `${processes.api.url}/netweave/v1/inventorySubscriptions`, body);
    ids.set(name, (JSON.parse(text) as { readonly id: string }).id);
  }
});
afterAll(async () => {
  await store?.close();
  for (const close of closing.reverse()) await close();
  await redis?.remove();
  rmSync(folder, { recursive: true });
});

test('of a process for each role any may be killed: all that is owed arrives, in order, under one id', async () => {
  await change(20);
  await everythingArrived();
  for (const role of ['deliver', 'watch', 'api'] as const) {
    const changing = change(30);
    await until(() => verdict().owed > verdict().received);
    await kill(role);
    await changing;
    // Nobody does the work of the two that others have; what has been told needs nobody to answer clients.
    if (role === 'api') await everythingArrived();
    else expect(verdict().received).toBeLessThan(verdict().owed);
    processes[role] = await run(role);
    await change(10);
    await everythingArrived();
    const { owed, duplicates, merged, violations } = verdict();
    console.log(`${role} was killed: ${owed} owed, all received; ${duplicates} duplicates, ${merged} merged`);
    expect(violations).toEqual([]);
  }
  const listed = await ask('GET', `${processes.api.url}/netweave/v1/inventorySubscriptions`);
  for (const id of ids.values()) expect(listed).toContain(id);
});

/** All that is stored of a subscription and its deliveries, once nothing more is written; who takes over may write it once more. */
async function documentsOf(name: string) {
  const id = ids.get(name)!;
  const read = async () => {
    const { delivery, secret, replay, deadLetter, brought } = kinds;
    const lists = [delivery, secret, replay, deadLetter, brought].map((kind) => store.list(kind, { prefix: id }));
    const stored = (await Promise.all(lists)).flat().map(({ kind, id: of, value }) => ({ kind, of, value }));
    return { stored, row: await store.objects([{ object: 'InventorySubscription', id }]) };
  };
  for (let before = await read(); ;) {
    await sleep(1500);
    const after = await read();
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
    before = after;
  }
}

test('who delivered and is stopped past his lease changes nothing when he wakes up, and tells nobody anything', async () => {
  const former = processes.deliver;
  const answer = Promise.withResolvers<number>();
  held.push(answer.promise, answer.promise);
  const before = receipts.length;
  await change(1);
  await until(() => receipts.length === before + 2);
  // Behind what is under way he has more in his memory.
  await change(11);
  await until(() => ledger.living.length > 0 && verdict().owed - verdict().received > 10);
  await sleep(500);
  expect(await metric('under_way', former)).toBe(2);
  former.signal('SIGSTOP');
  // His posts are answered while he cannot hear it.
  answer.resolve(0);
  processes.deliver = await run('deliver', 'deliver-next');
  await everythingArrived();
  await change(10);
  await everythingArrived();
  const stored = await Promise.all(interests.map(({ name }) => documentsOf(name)));
  const told = receipts.length;
  // Nobody tells him that his leases are another's: by his own clock he must not believe in them.
  proxy.hold();
  former.signal('SIGCONT');
  await until(async () => receipts.length > told || (await metric('under_way', former)) === 0);
  await sleep(1000);
  expect(receipts.slice(told)).toEqual([]);
  proxy.release();
  const { deliver: next } = processes;
  await until(async () => (await metric('shards', former)) > 0 && (await metric('shards', next)) < 16);
  for (const [at, { name }] of interests.entries()) expect(await documentsOf(name)).toEqual(stored[at]);
  expect(stored.map(({ row }) => row.length)).toEqual([1, 1]);
  expect(receipts.slice(told)).toEqual([]);
  await change(10);
  await everythingArrived();
  expect(verdict().violations).toEqual([]);
});
