import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { receiver } from '../callback-receiver.js';
import { until } from '../gateway-under-test.js';
import { startChild, type Child } from './child.js';
import { freePort } from './free-port.js';
import { textOf, watched } from './two-gateways.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'netweave-three-'));
const log = join(folder, 'cluster.log');
const pools = '/o2ims-infrastructureInventory/v2/resourcePools';

interface Gateway {
  readonly url: string;
  readonly pid: number;
}

let cluster: Child;
let gateways: readonly Gateway[];
let oCloud: string;

beforeAll(async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const args = ['cluster', '--ports', ports.join(','), '--size', '60', '--changes', '20'];
  cluster = startChild(process.execPath, [join(root, 'scripts/run.mjs'), ...args], log);
  await until(() => !cluster.alive || readFileSync(log, 'utf8').includes('curl '));
  const said = readFileSync(log, 'utf8');
  expect(said).toContain('The cluster is up.');
  gateways = [...said.matchAll(/gateway-\d +(\S+) +process (\d+)/g)].map(([, url, pid]) => ({
    url: url!,
    pid: Number(pid),
  }));
  oCloud = /o-cloud +(\S+)/.exec(said)![1]!;
  for (const { url } of gateways)
    await until(async () => (await textOf(`${url}/readyz?verbose`)).includes('[+] backend demo'));
});
afterAll(async () => {
  if (cluster?.alive) {
    process.kill(cluster.pid, 'SIGINT');
    await until(() => !cluster.alive);
  }
  rmSync(folder, { recursive: true });
});

const alive = ({ pid }: Gateway) =>
  existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

async function whoWatches(): Promise<Gateway | undefined> {
  for (const gateway of gateways) if (alive(gateway) && (await watched(gateway.url)) === 1) return gateway;
  return undefined;
}

/** Writes at the O-Cloud itself, so that only a watcher can tell. */
async function makePool(name: string): Promise<void> {
  const [line] = (await (await fetch(`${oCloud}/v1/sites`)).text()).split('\n');
  const { id } = JSON.parse(line!) as { readonly id: string };
  const body = JSON.stringify({ name, summary: '', site: id });
  const made = await fetch(`${oCloud}/v1/pools`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  expect([made.status < 300, await made.text()]).toEqual([true, expect.any(String)]);
}

/** Milliseconds until all of these show it; reads must be answered all the while. */
async function readableAfter(name: string, urls: readonly string[], began = performance.now()): Promise<number> {
  for (const url of urls)
    await until(async () => {
      const { status, text } = await fetch(url + pools).then(async (reply) => ({
        status: reply.status,
        text: await reply.text(),
      }));
      expect(status).toBe(200);
      return text.includes(name);
    });
  return performance.now() - began;
}

test('what is told leads to the first gateway, whichever process tells it', async () => {
  const callback = await receiver();
  // Of three processes nobody delivers to all of them.
  const owed = Array.from({ length: 9 }, (_, at) => `told ${at}`);
  const made = owed.map(async (consumerSubscriptionId, at) => {
    const body = JSON.stringify({ callback: callback.url, consumerSubscriptionId });
    const headers = { 'Content-Type': 'application/json' };
    const to = `${gateways[at % 3]!.url}/o2ims-infrastructureInventory/v2/subscriptions`;
    const { status, headers: answered } = await fetch(to, { method: 'POST', body, headers });
    expect(status).toBe(201);
    return answered.get('location')!;
  });
  const locations = await Promise.all(made);
  const told = () => new Set(callback.received.map(({ body }) => body['consumerSubscriptionId']));
  await until(() => told().size === owed.length);
  const refs = callback.received.map(({ body }) => String(body['objectRef']));
  for (const each of [...refs, ...locations]) expect(each.startsWith(`${gateways[0]!.url}/`)).toBe(true);
  for (const each of locations) await until(async () => (await fetch(each, { method: 'DELETE' })).status === 204);
  await callback.close();
});

test('the watcher is paused beyond its lease and wakes up: another one has taken over, and it follows that', async () => {
  const before = (await whoWatches())!;
  const others = gateways.filter((each) => each !== before).map(({ url }) => url);
  process.kill(before.pid, 'SIGSTOP');
  await sleep(500); // what is under way has ended
  const began = performance.now();
  await makePool('made while it was paused');
  const took = await readableAfter('made while it was paused', others, began);
  console.log(`take-over from a paused watcher: ${Math.round(took)} ms`);
  expect(took).toBeLessThanOrEqual(10_000);
  await until(async () => (await whoWatches()) !== undefined);
  process.kill(before.pid, 'SIGCONT');
  await until(async () => (await watched(before.url)) === 0 && (await whoWatches()) !== undefined);
  expect(await whoWatches()).not.toBe(before);
  await makePool('made after it woke up');
  await readableAfter('made after it woke up', [...others, before.url]);
  // All show one and the same, the one that was paused too.
  await until(async () => (await textOf(`${before.url}/readyz?verbose`)).includes('[+] backend demo'));
});

test('the watcher is killed: reads go on, and a change is readable within ten seconds', async () => {
  const before = (await whoWatches())!;
  const others = gateways.filter((each) => each !== before).map(({ url }) => url);
  const began = performance.now();
  process.kill(before.pid, 'SIGKILL');
  await makePool('made after the kill');
  const took = await readableAfter('made after the kill', others, began);
  console.log(`take-over after kill -9: ${Math.round(took)} ms`);
  expect(took).toBeLessThanOrEqual(10_000);
});

test('Ctrl-C ends all of it', async () => {
  process.kill(cluster.pid, 'SIGINT');
  await until(() => !cluster.alive);
  for (const gateway of gateways) expect(alive(gateway)).toBe(false);
});
