import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { check, type Evidence, type Interest } from '../faults/checker.js';
import { drawFrom } from '../faults/draw.js';
import { startGateways, type Gateways } from '../faults/gateways.js';
import type { Receipt } from '../faults/receipt.js';
import { startReceiver, type Receiver } from '../faults/receiver.js';
import { keepEvidence, storyOf } from '../faults/report.js';
import { busiest } from '../faults/strikes.js';
import { configurationOf, until } from '../gateway-under-test.js';
import { ChangingNodes, fewest, isReady, nodeMarks, poolLabel, type AnsweredNode } from './changing-nodes.js';
import { grantRole } from './cluster-role.js';
import { startCluster, type Cluster } from './cluster.js';
import { startSentinelGroup, type SentinelGroup } from './redis-sentinels.js';
import { sharedYaml } from './two-gateways.js';

/** `OWED_SEED=7 npm run test:peers -- kubernetes-owed`: gateways refuse settings of ours that they do not know. */
const seed = Number(process.env['OWED_SEED'] ?? 1);
const fewestChanges = 200;
/** Between two changes, milliseconds. */
const pace = 120;
/** What is owed is told within so many milliseconds once nobody fails; a callback that failed is left alone for some of them. */
const toldWithin = 20_000;
/** After everything was received: what should not come has the time to come. */
const listenOn = 2000;

const nodesAlone = { types: ['ResourceInfo'], events: ['created', 'modified', 'deleted'] } as const;
const interests: readonly Interest[] = [
  { name: 'strict-sound', ordering: 'strict', ...nodesAlone },
  { name: 'strict', ordering: 'strict', ...nodesAlone },
  { name: 'by-resource', ordering: 'resource', ...nodesAlone },
];
const folder = mkdtempSync(join(tmpdir(), 'netweave-owed-'));
const receipts: Receipt[] = [];
const closing: (() => unknown)[] = [];
let cluster: Cluster;
let gateways: Gateways;
/** Of `strict` and `by-resource`; the other one never fails. */
let failing: Receiver;
let nodes: ChangingNodes;
let passed = false;

const evidence = (): Evidence => ({ interests, histories: nodes.histories, receipts });

/** Resolves when nothing is owed at the moment, or the time is up: what was lost then is judged at the end. */
async function everythingTold(within: number): Promise<void> {
  const giveUp = Date.now() + within;
  for (; Date.now() < giveUp; await sleep(100)) {
    const { owed, received } = check(evidence());
    if (received === owed) return;
  }
}

/** What opens closes at the end, in the opposite order, whatever else fails to open. */
async function kept<T>(opening: Promise<T>, close: (opened: T) => unknown): Promise<T> {
  const opened = await opening;
  closing.push(() => close(opened));
  return opened;
}

/** Three gateways that may do no more than the documented role, on three Redis with three Sentinels. */
async function openGateways({ name, sentinels }: SentinelGroup): Promise<Gateways> {
  const [config, names] = [join(folder, 'gateway.yaml'), join(folder, 'names')];
  const options = { kubeconfig: cluster.kubeconfig, context: 'gateway', emptyPoolsStay: 0 };
  const backends = [{ key: 'peer', type: 'kubernetes', options }];
  writeFileSync(config, configurationOf({ backends, store: { redis: { name, sentinels } }, yaml: sharedYaml }));
  writeFileSync(names, 'up');
  const opened = await kept(startGateways(3, folder, { config, names }), (all) => all.close());
  await opened.ready(60_000);
  return opened;
}

async function subscribe(receivers: readonly Receiver[]): Promise<void> {
  for (const [at, { name, ordering }] of interests.entries()) {
    const callback = `http://127.0.0.1:${receivers[Math.min(at, 1)]!.port}/${name}`;
    const answer = await fetch(`${gateways.all[0]!.url}/netweave/v1/inventorySubscriptions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ callback, ordering, filter: '(neq,objectType,ResourceInfo)' }),
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.anything()]);
  }
}

beforeAll(async () => {
  const [peer, group] = await Promise.all([
    // Nobody changes these nodes: they are there so that a gateway that takes over might tell of them.
    kept(startCluster({ kwok: true, nodes: 5 }), (opened) => opened.close()),
    kept(startSentinelGroup(), (opened) => opened.remove()),
  ]);
  cluster = peer;
  await grantRole(cluster);
  // So slow that whoever delivers has posts under way when he is killed.
  const [draw, slow] = [drawFrom(seed), drawFrom(seed + 1)];
  const slowness = () => slow.between(10, 40);
  const startOne = () => startReceiver({ record: receipts, marks: nodeMarks, slowness });
  const sound = await kept(startOne(), (opened) => opened.close());
  failing = await kept(startOne(), (opened) => opened.close());
  gateways = await openGateways(group);
  await subscribe([sound, failing]);
  const told = (uid: string) => receipts.some(({ object }) => object === uid);
  nodes = new ChangingNodes(cluster, { draw, told });
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  if (passed) rmSync(folder, { recursive: true });
  else console.log(`Logs and records: ${folder}`);
});

const watchers = 'netweave_backend_watched';
const deliverers = 'netweave_delivery_subscriptions';

interface Killed {
  readonly whom: string;
  /** Nodes that were deleted and created again before all was done again. */
  readonly replaced: number;
}

/** SIGKILL to whoever has most of it; resolves when the others, and he after a moment, do all of it again. */
async function kill(metric: string, all: number): Promise<Killed> {
  const whole = async () => {
    const counts = await Promise.all(gateways.all.map((gateway) => gateway.metric(metric)));
    return counts.reduce((sum, count) => sum + count, 0) === all;
  };
  await until(whole);
  let gateway = await busiest(gateways.all, metric);
  while (!gateway) gateway = await busiest(gateways.all, metric);
  const before = nodes.replaced;
  await gateway.kill();
  await sleep(1000);
  gateway.start();
  await until(whole);
  return { whom: gateway.name, replaced: nodes.replaced - before };
}

/** All that is called by one receiver is refused for as long as each of its subscriptions takes to be refused, and 2 s. */
async function failForAWhile(): Promise<number> {
  const from = receipts.length;
  const refused = () =>
    receipts.slice(from).filter(({ taken, subscription }) => !taken && subscription !== interests[0]!.name);
  failing.fail('answer 500');
  await until(() => new Set(refused().map(({ subscription }) => subscription)).size === 2);
  await sleep(2000);
  const { length } = refused();
  await failing.heal();
  return length;
}

/** What struck, in words. */
async function strike(): Promise<string> {
  // What nobody was told of is not deleted: deletions are to come while nobody watches.
  await until(() => nodes.count > 2 * fewest);
  await everythingTold(toldWithin / 2);
  const first = await kill(watchers, 1);
  // What happened meanwhile is being told.
  const deliverer = await kill(deliverers, interests.length);
  await everythingTold(toldWithin / 2);
  const refused = await failForAWhile();
  const second = await kill(watchers, 1);
  expect(first.replaced + second.replaced).toBeGreaterThan(0);
  const watched = [first, second].map(({ whom, replaced }) => `${whom} watched (${replaced} replaced meanwhile)`);
  return `killed as ${watched.join(', ')}, as ${deliverer.whom} delivered; ${refused} posts refused`;
}

async function changeUntil(over: () => boolean): Promise<void> {
  while (!over() || nodes.count < fewestChanges) {
    await nodes.change();
    await sleep(pace);
  }
}

/** A node as a row that the API server and a gateway have in common. */
type Row = readonly [uid: string, name: string, pool: string, cordoned: boolean, ready: boolean, labels: object];

const byUid = (rows: readonly Row[]) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1));

async function listed(): Promise<readonly Row[]> {
  const { items } = await cluster.request<{ readonly items: readonly AnsweredNode[] }>('GET', '/api/v1/nodes');
  return byUid(
    items.map((node) => {
      const { uid, name, labels } = node.metadata;
      const pool = labels[poolLabel] ?? 'zone.zone-a..worker';
      return [uid, name, pool, node.spec.unschedulable === true, isReady(node), labels];
    }),
  );
}

interface Shown {
  readonly resourcePoolId: string;
  readonly extensions: Readonly<Record<string, string>> & { readonly labels: object };
}

/** The inventory of a gateway, and the keys of its pools. */
async function shownBy(url: string): Promise<{ readonly rows: readonly Row[]; readonly pools: readonly string[] }> {
  const list = async (collection: string) => {
    const answer = await fetch(`${url}/netweave/v1/${collection}?first=1000`);
    return ((await answer.json()) as { readonly items: readonly Shown[] }).items;
  };
  const pools = new Map(
    (await list('resourcePools')).map(({ resourcePoolId, extensions }) => [resourcePoolId, extensions['poolKey']!]),
  );
  const resources = await list('resources');
  const rows = resources.map(({ resourcePoolId, extensions }): Row => {
    const { uid, name, administrativeState, operationalState, labels } = extensions;
    const pool = pools.get(resourcePoolId) ?? 'none';
    return [uid!, name!, pool, administrativeState === 'locked', operationalState === 'enabled', labels];
  });
  return { rows: byUid(rows), pools: [...pools.values()].sort() };
}

async function expectInventory(): Promise<void> {
  const rows = await listed();
  const pools = [...new Set(rows.map(([, , pool]) => pool))].sort();
  for (const { url } of gateways.all) expect(await shownBy(url)).toEqual({ rows, pools });
}

test('all that happens to nodes is told, in order, under one id, whoever is killed and whoever refuses', async () => {
  let over = false;
  const [struck] = await Promise.all([strike().finally(() => (over = true)), changeUntil(() => over)]);
  await everythingTold(toldWithin);
  await sleep(listenOn);
  const verdict = check(evidence());
  const { owed, received, duplicates, merged, violations, waits } = verdict;
  console.log(
    `seed ${seed}: ${nodes.count} changes, ${nodes.replaced} nodes replaced; ${struck}\n` +
      `${owed} owed, ${received} received, ${receipts.length} arrivals, ${duplicates} duplicates, ${merged} merged, the longest wait ${waits.at(-1)} ms`,
  );
  keepEvidence(folder, evidence(), verdict);
  expect(violations.map((violation) => storyOf(violation, evidence()))).toEqual([]);
  expect(received).toBe(owed);
  await expectInventory();
  expect(gateways.endings).toEqual([]);
  passed = true;
}, 90_000);
