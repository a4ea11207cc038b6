import { join } from 'node:path';
import type { Cluster } from '#test/peers/cluster.js';
import { median } from '../alternate.js';
import { memory } from '../cpu.js';
import type { GatewayProcess } from '../gateway-process.js';
import type { Limit } from '../report.js';
import { start } from '../spawned.js';
import type { Reading, Sync } from './first-sync-process.js';

/** Reads all Nodes in three ways in turn, each in a new process, so that what else the machine does hits all alike. */
export async function measureFirstSync(cluster: Cluster, nodes: number, rounds: number): Promise<readonly Limit[]> {
  const runs: Record<Reading, Sync[]> = { bare: [], watch: [], objects: [] };
  await readAll(cluster, 'bare'); // for the API server's own caches
  for (let round = 0; round < rounds; round += 1) {
    for (const reading of ['bare', 'watch', 'objects'] as const) {
      const sync = await readAll(cluster, reading);
      if (sync.nodes !== nodes) throw new Error(`${reading} found ${sync.nodes} Nodes, not ${nodes}.`);
      runs[reading].push(sync);
    }
  }
  const { bare, watch, objects } = runs;
  const times = (syncs: readonly Sync[]) => syncs.map(({ milliseconds }) => milliseconds);
  const against = (syncs: readonly Sync[], of: 'milliseconds' | 'cpu' = 'milliseconds') =>
    syncs.map((sync, at) => sync[of] / bare[at]![of]);
  const with_ = 'with the projections';
  return [
    typical('bare streaming GET that parses every line', 'ms', times(bare)),
    typical('first sync', 'ms', times(watch)),
    typical(`the same ${with_}`, 'ms', times(objects)),
    typical('first sync / bare GET', '×', against(watch), 1.5),
    typical(`the same ${with_}`, '×', against(objects)),
    typical('processor time of first sync / bare GET', '×', against(watch, 'cpu')),
    typical(`the same ${with_}`, '×', against(objects, 'cpu')),
    typical(
      'time that these were ready to run but had no core',
      '%',
      [...bare, ...watch, ...objects].map((sync) => sync.starved),
    ),
    ...(['memory', 'delay', 'work'] as const).flatMap((of) => {
      const [name, unit, most] = limits[of];
      const each = (syncs: readonly Sync[]) => syncs.map((sync) => sync[of]);
      return [
        typical(`${name}, bare GET`, unit, each(bare)),
        typical(`${name}, first sync`, unit, each(watch), most),
        typical(`the same ${with_}`, unit, each(objects), most),
      ];
    }),
  ];
}

const limits = {
  memory: ['extra peak memory', 'MB', 100],
  delay: ['event loop delay p99', 'ms', 20],
  work: ['of that its own work, by processor time', 'ms', undefined],
} as const;

async function readAll(cluster: Cluster, reading: Reading): Promise<Sync> {
  const program = join(import.meta.dirname, 'first-sync-process.js');
  const child = start(undefined, [process.execPath, '--expose-gc', program, cluster.kubeconfig, reading]);
  const [line] = await child.printed(/^\{.*\}$/m);
  await child.stop();
  return JSON.parse(line) as Sync;
}

/** A whole gateway that has just been started: until all is stored and readable, and what that takes. */
export async function measureGatewaySync({ pid, synced }: GatewayProcess): Promise<readonly Limit[]> {
  const began = performance.now();
  await synced;
  const name = 'whole gateway, from its start';
  return [
    { name: `${name}: until all is stored`, unit: 'ms', measured: performance.now() - began },
    { name: `${name}: most memory`, unit: 'MB', measured: memory(pid).most },
  ];
}

/** The median of rounds with their spread. */
export function typical(name: string, unit: string, values: readonly number[], most?: number): Limit {
  const spread = [Math.min(...values), Math.max(...values)] as const;
  return { name, unit, measured: median(values), spread, ...(most !== undefined && { most }) };
}
