import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { kubeconfigOf } from '#adapters/kubernetes/testing/fake-api-server.js';
import { type Cluster, createNodes, makeNode, startCluster } from './cluster.js';
import { type Follower, followNodes } from './kubernetes-follower.js';
import { type HttpFaults, startHttpFaults } from './kubernetes-http-faults.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

let cluster: Cluster;
let proxy: TcpProxy;
let follower: Follower;
let serial = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 50 });
});
afterAll(() => cluster.close());

const nodePath = (name: string) => `/api/v1/nodes/${name}`;
const remove = (name: string) => cluster.request('DELETE', nodePath(name));
const label = (name: string, value: string) =>
  cluster.request('PATCH', nodePath(name), { metadata: { labels: { turn: value } } });

async function create(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, () => `made-${(serial += 1)}`);
  await createNodes(
    cluster,
    names.map((name) => makeNode(name)),
  );
  return names;
}

async function uidOf(name: string): Promise<string> {
  const { metadata } = await cluster.request<{ metadata: { uid: string } }>('GET', nodePath(name));
  return metadata.uid;
}

async function throughProxy(): Promise<void> {
  proxy = await startTcpProxy(cluster.port);
  follower = await followNodes(cluster.kubeconfigThrough(proxy.port));
  await follower.settle(cluster);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

describe('K1: what breaks the line', () => {
  beforeAll(throughProxy);
  afterAll(async () => {
    await follower.stop();
    proxy.close();
  });

  interface Fault {
    readonly name: string;
    strike(): unknown;
    heal?(): unknown;
  }
  const faults: Fault[] = [
    { name: 'a reset', strike: () => proxy.reset() },
    { name: 'a connection that was closed', strike: () => proxy.cut() },
    { name: 'a connection closed from one side', strike: () => proxy.halfClose() },
    { name: 'a cut record', strike: async () => Promise.all([proxy.truncateAfter(2_000), create(2)]) },
    {
      name: 'refused connections',
      strike: () => (proxy.refuse(), proxy.cut(), sleep(2_000)),
      heal: () => proxy.accept(),
    },
    { name: 'a network gone dark', strike: () => (proxy.hold(), sleep(12_000)), heal: () => proxy.release() },
    { name: 'a killed API server', strike: () => cluster.killApiServer(), heal: () => cluster.restartApiServer() },
    {
      name: 'an API server that hangs',
      strike: () => (cluster.pauseApiServer(), sleep(12_000)),
      heal: () => cluster.resumeApiServer(),
    },
  ];
  test.each(faults)('recovers from $name by a new connection, without a new list', async ({ strike, heal }) => {
    const { lists } = follower;
    const { accepted } = proxy;
    await strike();
    await heal?.();
    await create(1);
    await follower.settle(cluster);
    await until(() => proxy.accepted > accepted);
    expect(follower.lists).toBe(lists);
  });

  test('recovers from a genuine 410 by a new list', async () => {
    const lists = follower.lists;
    proxy.refuse();
    proxy.cut();
    await create(2);
    await cluster.compact();
    await proxy.accept();
    await follower.settle(cluster);
    expect(follower.lists).toBeGreaterThan(lists);
  });
});

describe('K1: what the API server or something before it answers', () => {
  let faults: HttpFaults;
  let folder: string;

  beforeAll(async () => {
    faults = await startHttpFaults(cluster);
    folder = mkdtempSync(join(tmpdir(), 'netweave-faults-'));
    writeFileSync(join(folder, 'kubeconfig'), kubeconfigOf(faults.url, { token: 'admin-token' }));
    follower = await followNodes(join(folder, 'kubeconfig'));
    await follower.settle(cluster);
  });
  afterAll(async () => {
    await follower.stop();
    await faults.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    [503, {}],
    [500, {}],
    [401, {}],
    [429, { 'retry-after': '1' }],
  ])('recovers from %i on the watch', async (status, headers) => {
    const lists = follower.lists;
    faults.fail('watch', status, 6, headers);
    faults.endWatches();
    await create(1);
    await follower.settle(cluster);
    expect(follower.lists).toBe(lists);
  });

  test('takes a line that ends in its middle for a fault, and loses nothing', async () => {
    const lists = follower.lists;
    const cut = faults.cutNextLine();
    const [name] = await create(1);
    await cut;
    await follower.settle(cluster);
    expect(follower.lists).toBe(lists);
    expect(follower.held.has(await uidOf(name!))).toBe(true);
  });

  test('reads by pages where lists are not streamed, and survives a 500 between them', async () => {
    faults.fail('watch', 410, 2);
    faults.fail('watch', 422, 2);
    faults.fail('list', 500, 2);
    const asked = faults.count('list');
    faults.endWatches();
    await until(() => faults.count('list') > asked + 2);
    await create(1);
    await follower.settle(cluster);
  });
});

describe('K2: churn', () => {
  beforeAll(throughProxy);
  afterAll(async () => {
    await follower.stop();
    proxy.close();
  });

  test('100 rounds of random changes and faults end with 0 differences', async () => {
    let seed = 20261121;
    const draw = (below: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % below;
    let names = await create(30);
    const strikes = [
      () => undefined,
      () => proxy.reset(),
      () => proxy.cut(),
      () => proxy.halfClose(),
      () => void proxy.truncateAfter(1 + draw(20_000)),
    ];
    for (let round = 0; round < 100; round += 1) {
      if (round % 25 === 24) await cluster.compact();
      for (let change = 0; change < 8; change += 1) {
        const at = draw(names.length);
        const name = names[at]!;
        const act = draw(4);
        if (change === 3) strikes[draw(strikes.length)]!();
        if (act === 0) names = [...names, ...(await create(1))];
        else if (act === 1 && names.length > 5) {
          await remove(name);
          names.splice(at, 1);
        } else if (act === 2) {
          await remove(name);
          await createNodes(cluster, [makeNode(name)]);
        } else await label(name, `${round}-${change}`);
      }
      await follower.settle(cluster);
    }
    expect(new Set(follower.deleted).size).toBe(follower.deleted.length);
    expect(new Set(follower.created).size).toBe(follower.created.length);
  });
});

describe.each([
  ['the server remembers', () => Promise.resolve()],
  ['the server has forgotten', () => cluster.compact()],
])('cut off for 30 s, %s', (_name, meanwhile) => {
  beforeAll(throughProxy);
  afterAll(async () => {
    await follower.stop();
    proxy.close();
  });
  afterEach(() => proxy.accept().catch(() => undefined));

  test('K3, K4: what was deleted meanwhile is told once, what was recreated is another object', async () => {
    const gone = await create(100);
    const replaced = await create(100);
    await follower.settle(cluster);
    const before = { gone: await Promise.all(gone.map(uidOf)), replaced: await Promise.all(replaced.map(uidOf)) };
    const alreadyDeleted = follower.deleted.length;
    const alreadyCreated = follower.created.length;

    proxy.refuse();
    proxy.cut();
    await Promise.all([...gone, ...replaced].map(remove));
    await createNodes(
      cluster,
      replaced.map((name) => makeNode(name)),
    );
    await meanwhile();
    await sleep(30_000);
    await proxy.accept();
    await follower.settle(cluster);

    expect(follower.deleted.slice(alreadyDeleted).sort()).toEqual([...before.gone, ...before.replaced].sort());
    expect(follower.created.slice(alreadyCreated).sort()).toEqual((await Promise.all(replaced.map(uidOf))).sort());
  });
});
