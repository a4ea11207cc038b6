import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { median } from './alternate.js';
import { gatewayProgram } from './gateway-process.js';
import type { Trouble } from './many-o-clouds.js';
import { paced, percentile, type Asked } from './paced.js';
import { cores, start } from './spawned.js';

/** The five in trouble; whether the flapping one is named changes by the moment. */
const troubles: readonly Trouble[] = ['hang', 'status', 'flap', 'garbage', 'gone'];
const patience = 90_000;

/** Of a second, milliseconds: the median over all seconds, because a disk that pauses makes some of them exceptions. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface ManyBackends {
  readonly healthy: Latency;
  readonly faulty: Latency;
  /** p99 of a second with five backends in trouble over that with all healthy; of both the median over all seconds. */
  readonly p99Ratio: number;
}

interface Fleet extends Asked {
  /** Resolves when the gateway names those in trouble and nobody else. */
  suffer(troubles: readonly Trouble[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads of two gateways over as many simulated backends with the same content, request by request in turn: all healthy, and five
 * of them hanging, answering 500, flapping, sending garbage and gone. Reads second by second.
 */
export async function measureManyBackends({
  backends = 20,
  seconds = 60,
  perSecond = 1000,
} = {}): Promise<ManyBackends> {
  const fleets: Fleet[] = [];
  try {
    for (let each = 0; each < 2; each += 1) fleets.push(await openFleet(backends));
    await fleets[1]!.suffer(troubles);
    await paced(fleets, { perSecond, seconds: 2 });
    const runs: (readonly number[][])[] = [];
    for (let second = 0; second < seconds; second += 1) runs.push(await paced(fleets, { perSecond, seconds: 1 }));
    const [healthy, faulty] = [0, 1].map((at) => latency(runs.map((run) => run[at]!))) as [Latency, Latency];
    return { healthy, faulty, p99Ratio: faulty.p99 / healthy.p99 };
  } finally {
    await Promise.all(fleets.map((fleet) => fleet.close()));
  }
}

function latency(seconds: readonly (readonly number[])[]): Latency {
  const typical = (share: number) => median(seconds.map((times) => percentile(times, share)));
  return { p50: typical(0.5), p99: typical(0.99) };
}

async function openFleet(backends: number): Promise<Fleet> {
  const home = await mkdtemp(join(tmpdir(), 'netweave-many-'));
  const oClouds = start(cores.load, [
    process.execPath,
    join(import.meta.dirname, 'many-o-clouds.js'),
    String(backends),
  ]);
  const [line] = await oClouds.printed(/^\{.*\}$/m);
  const { control, urls } = JSON.parse(line) as { readonly control: string; readonly urls: readonly string[] };
  const config = join(home, 'netweave.yaml');
  await writeFile(config, stringify(configuration(home, urls)));
  const gateway = start(cores.server, [process.execPath, ...gatewayProgram, '--config', config]);
  const [, url] = await gateway.printed(/netweave is ready at (\S+)/);
  await named(url!, new Set());
  return {
    url: url!,
    paths: await pathsOf(url!),
    async suffer(wanted) {
      const answer = await fetch(control, { method: 'POST', body: JSON.stringify({ troubles: wanted }) });
      if (!answer.ok) throw new Error(`The O-Clouds answered ${answer.status}.`);
      await named(url!, new Set(wanted.map((_, at) => `dc-${at + 1}`)), `dc-${wanted.indexOf('flap') + 1}`);
    },
    async close() {
      await gateway.stop();
      await oClouds.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function configuration(home: string, urls: readonly string[]): object {
  const options = { idleTimeout: 1_000 };
  return {
    listen: { host: '127.0.0.1', port: 0 },
    store: { file: join(home, 'store.db') },
    backends: urls.map((url, at) => ({ key: `dc-${at + 1}`, type: 'simulator', options: { url, ...options } })),
    accessLog: { file: join(home, 'access.log') },
  };
}

const base = '/o2ims-infrastructureInventory/v2';

/** What no change takes away: single pools and types, and the resources of every pool. */
async function pathsOf(url: string): Promise<readonly string[]> {
  const read = async (path: string) => (await (await fetch(url + base + path)).json()) as Record<string, string>[];
  const pools = (await read('/resourcePools')).map(({ resourcePoolId }) => `/resourcePools/${resourcePoolId}`);
  const types = (await read('/resourceTypes')).map(({ resourceTypeId }) => `/resourceTypes/${resourceTypeId}`);
  const resources = pools.map((pool) => `${pool}/resources`);
  return [...pools, ...types, ...resources].map((path) => base + path);
}

/** Waits until the gateway names exactly these backends; `unsteady` may or may not be among them. */
async function named(url: string, wanted: ReadonlySet<string>, unsteady?: string): Promise<void> {
  const until = Date.now() + patience;
  for (let names = ''; ; await sleep(50)) {
    const { headers } = await fetch(`${url}${base}/resourcePools`);
    names = headers.get('x-netweave-incomplete') ?? '';
    const found = new Set(names.split(', ').filter((name) => name !== '' && name !== unsteady));
    const others = new Set([...wanted].filter((name) => name !== unsteady));
    if (found.size === others.size && [...found].every((name) => others.has(name))) return;
    if (Date.now() > until)
      throw new Error(`After ${patience / 1000} s '${names}' are incomplete, not '${[...wanted].join(', ')}'.`);
  }
}
