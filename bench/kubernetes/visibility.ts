import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '#test/peers/cluster.js';
import { starved } from '../cpu.js';
import { authorized, type GatewayProcess } from '../gateway-process.js';
import { pagesOf, resourceLists } from '../inventory-client.js';
import { percentile } from '../paced.js';
import type { Limit } from '../report.js';
import { typical } from './first-sync.js';
import { watchLabel } from './watch-label.js';

interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  /** Changes. */
  readonly perSecond: number;
}

/** Milliseconds from the API server's answer to the writer. */
interface Change {
  /** Until the gateway's REST answered with it. */
  readonly gateway: number;
  /** Until a bare watch of the API server told it; below 0 when that came before the writer's answer. */
  readonly watch?: number;
  /** From there to the gateway's answer. */
  readonly after?: number;
}

const label = 'example.com/bench';
const patience = 30_000;
// What a busy gateway may be asked by those who wait: one request in a millisecond for each change that is not seen yet.
const pause = 1;

/**
 * How soon a label that was written to the API server is read from the gateway. From the moment the writer has its answer, the
 * one resource is asked for with If-None-Match, again a millisecond after each 304, until an answer holds the label. Every
 * change is followed, so that slow ones are not left out; what a poll takes and its pause are in the figure, which is therefore
 * too high, never too low. A bare watch in this process shows what of it is the API server's; the delay of this process's own
 * loop, that the measuring is not what is measured.
 */
export async function measureVisibility(
  cluster: Cluster,
  { url, pid }: GatewayProcess,
  effort: Effort,
): Promise<readonly Limit[]> {
  const resources = await resourcesOf(url);
  const watch = await watchLabel(cluster, label);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const rounds: (readonly Change[])[] = [];
  const starvation: number[] = [];
  let made = 0;

  const change = async (): Promise<Change> => {
    const { name, path } = resources[(made * 7919) % resources.length]!;
    const value = `v${(made += 1)}`;
    await cluster.request('PATCH', `/api/v1/nodes/${name}`, { metadata: { labels: { [label]: value } } });
    const answered = performance.now();
    await follow(agent, url + path, value, answered);
    const gateway = performance.now() - answered;
    const told = await watch.told(value, patience);
    return told === undefined ? { gateway } : { gateway, watch: told - answered, after: answered + gateway - told };
  };

  try {
    await paced({ ...effort, seconds: 3 }, change);
    loop.enable();
    for (let round = 0; round < effort.rounds; round += 1) {
      const [began, before] = [performance.now(), starved(pid)];
      rounds.push(await paced(effort, change));
      starvation.push(((starved(pid) - before) / (performance.now() - began)) * 100);
    }
    loop.disable();
  } finally {
    agent.destroy();
    watch.stop();
  }
  const each = (of: keyof Change, share: number) =>
    rounds.map((changes) =>
      percentile(
        changes.flatMap((one) => one[of] ?? []),
        share,
      ),
    );
  return [
    typical('change readable after the API server’s answer, p50', 'ms', each('gateway', 0.5), 10),
    typical('the same, p99', 'ms', each('gateway', 0.99), 60),
    typical('change told by a bare watch, p50', 'ms', each('watch', 0.5)),
    typical('the same, p99', 'ms', each('watch', 0.99)),
    typical('from there to the gateway’s answer, p50', 'ms', each('after', 0.5)),
    typical('the same, p99', 'ms', each('after', 0.99)),
    typical('time that the gateway was ready to run but had no core', '%', starvation),
    { name: 'loop delay of the measuring process, p99', unit: 'ms', measured: loop.percentile(99) / 1e6 },
  ];
}

/** Names of the nodes with the paths of their resources. */
async function resourcesOf(url: string): Promise<readonly { readonly name: string; readonly path: string }[]> {
  const found = [];
  for (const list of await resourceLists(url)) {
    for (const { resources } of await pagesOf(url, `${list}?all_fields`)) {
      for (const { resourceId, extensions } of resources)
        found.push({ name: extensions!['name'] as string, path: `${list}/${resourceId}?all_fields` });
    }
  }
  return found;
}

/** Starts changes at a steady pace, whether earlier ones are seen or not; resolves when all are. */
async function paced({ seconds, perSecond }: Omit<Effort, 'rounds'>, change: () => Promise<Change>) {
  const total = seconds * perSecond;
  const changes: Promise<Change>[] = [];
  const began = performance.now();
  while (changes.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; changes.length < due; changes.at(-1)!.catch(() => undefined)) changes.push(change());
    await sleep(1);
  }
  return Promise.all(changes);
}

const etags = new Map<string, string>();

async function follow(agent: Agent, url: string, value: string, since: number): Promise<void> {
  while (!(await holds(agent, url, `"${value}"`))) {
    if (performance.now() - since > patience) {
      const etag = etags.get(url);
      etags.delete(url);
      const stale = await holds(agent, url, `"${value}"`);
      const how = stale ? `, but does without If-None-Match: ${etag}` : '';
      throw new Error(`${url} does not show ${value} after ${patience / 1000} s${how}.`);
    }
    await sleep(pause);
  }
}

function holds(agent: Agent, url: string, text: string): Promise<boolean> {
  const etag = etags.get(url);
  const headers = { ...authorized, ...(etag !== undefined && { 'If-None-Match': etag }) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      const { statusCode = 0, headers: answered } = response;
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('error', reject).once('end', () => {
        if (statusCode === 200) etags.set(url, answered.etag!);
        else if (statusCode !== 304) return reject(new Error(`${url} was answered ${statusCode}: ${body}`));
        resolve(statusCode === 200 && body.includes(text));
      });
    });
    sent.once('error', reject).end();
  });
}
