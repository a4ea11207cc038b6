import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OCloud } from '#adapters/simulator/o-cloud/start.js';
import { backendsOf, facades, openFleet, poolIdsOf, startOClouds, v2, type Fleet } from '../fleet.js';
import { startCluster, type Cluster } from './cluster.js';

const keys = ['broken', 'flapping', 'garbled', 'hanging', 'removed'] as const;
type Key = (typeof keys)[number];

let folder: string;
let oClouds: Record<Key, OCloud>;
let cluster: Cluster;
let fleet: Fleet;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-many-'));
  [oClouds, cluster] = await Promise.all([startOClouds(keys), startCluster({ nodes: 12 })]);
});
afterAll(async () => {
  await fleet?.close();
  await Promise.all([cluster?.close(), ...keys.map((key) => oClouds[key].close())]);
  rmSync(folder, { recursive: true });
});

async function reopen(named: readonly Key[]): Promise<void> {
  await fleet?.close();
  const options = { kubeconfig: cluster.kubeconfig };
  const kubernetes = { key: 'cluster', type: 'kubernetes', deadline: '2s', options };
  const simulated = Object.fromEntries(named.map((key) => [key, oClouds[key]]));
  fleet = await openFleet({ folder, backends: [...backendsOf(simulated), kubernetes] });
}

interface Resource {
  readonly resourceId: string;
  readonly extensions: { readonly name?: string };
}

/** The row of a node of the real cluster. */
async function nodeRow(name: string): Promise<Resource> {
  const filter = encodeURIComponent(`(eq,extensions/name,${name})`);
  const pools = (await fleet.pools()).map(({ resourcePoolId }) => resourcePoolId as string);
  for (const pool of pools) {
    const { body } = await fleet.ask(`${v2}/resourcePools/${pool}/resources?all_fields&filter=${filter}`);
    const [row] = body as readonly Resource[];
    if (row) return row;
  }
  throw new Error(`No resource is the node ${name}.`);
}

const lock = async (name: string, administrativeState: 'locked' | 'unlocked') =>
  fleet.ask(`/netweave/v1/resources/${(await nodeRow(name)).resourceId}`, 'PATCH', { administrativeState });
const isCordoned = async (name: string) =>
  (await cluster.request<{ spec: { unschedulable?: boolean } }>('GET', `/api/v1/nodes/${name}`)).spec.unschedulable ??
  false;

describe('five simulated O-Clouds and a real Kubernetes API', () => {
  test('one hangs, one answers 500, one flaps, one sends garbage, one is removed: all are named, everything stays', async () => {
    await reopen(keys);
    await fleet.names();
    const before = await fleet.pools();
    await reopen(keys.filter((key) => key !== 'removed'));
    oClouds.hanging.fault({ hang: true });
    oClouds.broken.fault({ status: 500 });
    oClouds.flapping.fault({ flap: true });
    oClouds.garbled.fault({ garbage: true });
    const said = await fleet.names('broken', 'garbled', 'hanging', 'removed');
    for (const name of facades) expect(said[name].status).toBe(200);
    for (const name of ['rest', 'own', 'trpc'] as const) expect(said[name].age).toBeGreaterThanOrEqual(0);
    expect(said.graphql.reasons['removed']).toBe('not in the configuration');
    expect(await fleet.pools()).toEqual(before);
  }, 120_000);

  test('the real one is read and written to all the while', async () => {
    const locked = await lock('node-0003', 'locked');
    expect([locked.status, await isCordoned('node-0003')]).toEqual([200, true]);
    expect(locked.body).toMatchObject({ value: { extensions: { administrativeState: 'locked' } } });
    expect((await lock('node-0003', 'unlocked')).status).toBe(200);
    expect(await isCordoned('node-0003')).toBe(false);
  });

  test('and when the real one is the one that is away, the simulated ones are', async () => {
    for (const key of keys) oClouds[key].fault();
    await fleet.names('removed');
    await cluster.killApiServer();
    const [pool] = await poolIdsOf('broken', oClouds.broken);
    const written = await fleet.ask(`/netweave/v1/resourcePools/${pool}`, 'PATCH', { description: 'Written' });
    expect(written.status).toBe(200);
    const refused = await lock('node-0003', 'locked');
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([503, true]);
    const said = await fleet.names('cluster', 'removed');
    expect(said.graphql.reasons['cluster']).toMatch(/ECONNREFUSED|socket hang up|ECONNRESET/);
    expect(await nodeRow('node-0003')).toBeDefined();
    await cluster.restartApiServer();
    await fleet.names('removed');
    expect((await lock('node-0003', 'locked')).status).toBe(200);
  }, 180_000);
});
