import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '#test/peers/cluster.js';
import { memory } from '../cpu.js';
import { authorized, type GatewayProcess } from '../gateway-process.js';
import { read, resourceLists } from '../inventory-client.js';
import { percentile } from '../paced.js';
import type { Limit } from '../report.js';

const perSecond = 50;
const seconds = 30;
/** A page of a list is read every so many milliseconds meanwhile. */
const readEvery = 50;
const patience = 30_000;
const label = 'example.com/many-nodes';

/**
 * A gateway that has just been started beside a cluster whose kubelets kwok plays: its first sync, then changes at a steady pace
 * with someone who listens to `/events` and someone who reads lists. A change counts from the API server's answer to its writer.
 */
export async function measureManyNodes(
  cluster: Cluster,
  { pid, url, synced }: GatewayProcess,
): Promise<readonly Limit[]> {
  const began = performance.now();
  await synced;
  const firstSync = performance.now() - began;
  const { told, stop } = await listen(url);
  const { items } = await cluster.request<{ items: readonly { metadata: { name: string } }[] }>('GET', '/api/v1/nodes');
  const answered = new Map<string, number>();
  const change = async (n: number) => {
    const value = `turn-${n}`;
    const path = `/api/v1/nodes/${items[(n * 7919) % items.length]!.metadata.name}`;
    await cluster.request('PATCH', path, { metadata: { labels: { [label]: value } } });
    answered.set(value, performance.now());
  };
  const [lists] = await Promise.all([readLists(url), pacedChanges(change)]);
  for (const end = performance.now() + patience; told.size < answered.size && performance.now() < end;) await sleep(50);
  stop();
  const latencies = [...answered].map(([value, at]) => (told.get(value) ?? Infinity) - at);
  return [
    { name: 'first sync', unit: 'ms', measured: firstSync, most: 15_000 },
    { name: `change to event, ${perSecond}/s, p50`, unit: 'ms', measured: percentile(latencies, 0.5) },
    { name: 'the same, p99', unit: 'ms', measured: percentile(latencies, 0.99), most: 1000 },
    { name: 'a page of a list meanwhile, p95', unit: 'ms', measured: percentile(lists, 0.95), most: 100 },
    { name: 'memory in the end', unit: 'MiB', measured: memory(pid).resident, most: 400 },
    { name: 'most memory', unit: 'MiB', measured: memory(pid).most, most: 400 },
  ];
}

/** Starts changes whether earlier ones were answered or not. */
async function pacedChanges(change: (n: number) => Promise<void>): Promise<void> {
  const [began, all]: [number, Promise<void>[]] = [performance.now(), []];
  while (all.length < perSecond * seconds) {
    await sleep(Math.max(0, began + (all.length * 1000) / perSecond - performance.now()));
    all.push(change(all.length));
  }
  await Promise.all(all);
}

async function readLists(url: string): Promise<readonly number[]> {
  const [paths, took]: [readonly string[], number[]] = [await resourceLists(url), []];
  const began = performance.now();
  for (let n = 0; performance.now() - began < seconds * 1000; n += 1) {
    const asked = performance.now();
    await read(url, paths[n % paths.length]!);
    took.push(performance.now() - asked);
    await sleep(readEvery);
  }
  return took;
}

/** When each value of the label was told first. */
async function listen(url: string) {
  const headers = { ...authorized, Accept: 'text/event-stream' };
  const sent = request(`${url}/events?objects=Resource`, { headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`/events was answered ${response.statusCode}.`);
  const told = new Map<string, number>();
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const value = /"(turn-\d+)"/.exec(block)?.[1];
      if (value !== undefined && !told.has(value)) told.set(value, performance.now());
    }
  });
  response.on('error', () => undefined);
  return { told, stop: () => sent.destroy() };
}
