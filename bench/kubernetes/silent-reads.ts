import type { Cluster } from '#test/peers/cluster.js';
import { authorized } from '../gateway-process.js';
import { inventory, pagesOf, resourceLists } from '../inventory-client.js';
import { record, spread } from '../recorded.js';
import type { Limit } from '../report.js';
import type { Ask } from '../wrk.js';

/**
 * Calls of the API server while the gateway is read through all facades, by the API server's own count. What it counts of itself
 * (it keeps a lease, looks after its namespaces) is told apart by what is asked for: only what the adapter ever asks for counts.
 */
export async function measureSilence(cluster: Cluster, url: string, reads: number): Promise<Limit> {
  const asks = await everyFacade(url);
  const all = Array.from({ length: reads }, (_, at) => asks[at % asks.length]!);
  const before = await calls(cluster);
  await record(url, all);
  const after = await calls(cluster);
  await cluster.request('GET', '/api/v1/nodes?limit=1');
  if ((await calls(cluster)) <= after) throw new Error('The API server does not count what it is asked.');
  return {
    name: `calls of the API server in ${reads} reads of the gateway`,
    unit: '',
    measured: after - before,
    most: 0,
  };
}

const ofTheAdapter = [/resource="(nodes|storageclasses)"/, /subresource="\/(version|apis)"/];

/** Requests that were answered, and watches that are open: these are counted as requests when they end. */
async function calls(cluster: Cluster): Promise<number> {
  let sum = 0;
  for (const [series, value] of await cluster.apiserverMetrics()) {
    const counts = /^apiserver_(request_total|longrunning_requests)\{/.test(series);
    if (counts && ofTheAdapter.some((pattern) => pattern.test(series))) sum += value;
  }
  return sum;
}

async function everyFacade(url: string): Promise<readonly Ask[]> {
  const lists = await resourceLists(url);
  const pages = await pagesOf(url, lists[0]!);
  const ids = spread(
    pages.flatMap(({ resources }) => resources.map(({ resourceId }) => resourceId)),
    20,
  );
  const get = (path: string): Ask => ({ path, headers: authorized });
  const query = (text: string): Ask => ({
    path: '/graphql',
    method: 'POST',
    headers: { ...authorized, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: text }),
  });
  const input = (value: object) => encodeURIComponent(JSON.stringify(value));
  return [
    ...['', '/resourcePools', '/resourceTypes', '/deploymentManagers'].map((path) => get(inventory + path)),
    ...lists.map((list) => get(`${list}?all_fields&filter=(cont,description,${ids.length})`)),
    ...['resourcePools', 'resourceTypes', 'deploymentManagers', 'resources'].flatMap((object) => [
      get(`/netweave/v1/${object}`),
      get(`/trpc/${object}.list?input=${input({})}`),
      query(`{ ${object}(first: 20) { nodes { id } } }`),
    ]),
    ...ids.flatMap((id) => [
      get(`${lists[0]!}/${id}`),
      get(`/netweave/v1/resources/${id}`),
      get(`/trpc/resources.get?input=${input({ id })}`),
      query(`{ resource(id: "${id}") { id description } }`),
    ]),
  ];
}
