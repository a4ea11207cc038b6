import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createNodes, makeNode, startCluster, type Cluster } from './cluster.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { openPair, type Pair } from './two-gateways.js';

const own = '/netweave/v1';
let redis: RedisServer;
let cluster: Cluster;
let pair: Pair;

beforeAll(async () => {
  [redis, cluster] = await Promise.all([startRedis(), startCluster()]);
  const pooled = (name: string, pool: string) => makeNode(name, { labels: { 'netweave.io/resource-pool': pool } });
  await createNodes(cluster, [pooled('a', 'small'), pooled('b', 'large'), pooled('c', 'large')]);
  // A pool that is empty goes at once, so that what is seen is seen without a wait.
  const options = { kubeconfig: cluster.kubeconfig, emptyPoolsStay: 0 };
  const backend = { key: 'cluster', type: 'kubernetes', options };
  pair = await openPair(redis.port, { backends: [backend] });
});
afterAll(async () => {
  await pair?.close();
  await cluster?.close();
  await redis?.remove();
});

interface Item {
  readonly resourcePoolId: string;
  readonly resourceId: string;
  readonly name: string;
}

const items = async (path: string): Promise<readonly Item[]> =>
  (JSON.parse((await pair.other.send(`${own}/${path}`)).text) as { readonly items: readonly Item[] }).items;
const poolNames = async () => (await items('resourcePools')).map(({ name }) => name).toSorted();

test('a pool is made of nodes: what moved through the gateway that does not watch is seen in the pools at once', async () => {
  expect(await poolNames()).toEqual(['large', 'small']);
  const ids = new Map((await items('resourcePools')).map(({ name, resourcePoolId }) => [name, resourcePoolId]));
  const [node] = (await items('resources')).filter(({ resourcePoolId }) => resourcePoolId === ids.get('small'));
  const path = `${own}/resources/${node!.resourceId}`;
  const moved = await pair.other.send(path, { method: 'PATCH', body: { resourcePoolId: ids.get('large') } });
  expect([moved.status, moved.text]).toEqual([200, expect.stringContaining(ids.get('large')!)]);
  // The pool that it was alone in is gone with it.
  expect(await poolNames()).toEqual(['large']);
  const resources = await items('resources');
  expect(new Set(resources.map(({ resourcePoolId }) => resourcePoolId))).toEqual(new Set([ids.get('large')]));
});
