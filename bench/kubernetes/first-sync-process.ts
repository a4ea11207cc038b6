import { writeFileSync } from 'node:fs';
import { type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { materialise } from '#adapters/kit/materialise.js';
import { kubernetesConfig } from '#adapters/kubernetes/config.js';
import { connect } from '#adapters/kubernetes/connect.js';
import { loadCredentials } from '#adapters/kubernetes/credentials.js';
import { objectId } from '#adapters/kit/identity.js';
import type { ConnectContext } from '#adapters/contract.js';
import { piece } from '#subscriptions/reader.js';
import { percentile } from '../paced.js';
import { cpuTime, memory, starved } from '../cpu.js';

/** How all Nodes are read: by a bare request, by the adapter's watch, or by that and its projections. */
export type Reading = 'bare' | 'watch' | 'objects';

/** One reading in a process of its own, from its first request to the last Node. */
export interface Sync {
  readonly nodes: number;
  readonly milliseconds: number;
  /** Most memory beyond what was resident before the first request, megabytes. */
  readonly memory: number;
  /** Processor time of all its threads, milliseconds. */
  readonly cpu: number;
  /** Part of the time that it was ready to run but had no core, percent. */
  readonly starved: number;
  /** Event loop delay p99, milliseconds; the clock's own tick of 1 ms is in it. */
  readonly delay: number;
  /** What of that is work of its own: processor time of the main thread between two ticks of a timer of 1 ms, p99. */
  readonly work: number;
}

const oCloudId = '0b8f6a52-5a0c-4d0e-9d5c-6a1f3c2e7b90';
const streamed = '/api/v1/nodes?watch=true&allowWatchBookmarks=true&sendInitialEvents=true';
const newline = 0x0a;

/** The least that reads all Nodes: every line is parsed, nothing is kept. */
async function bare(kubeconfig: string): Promise<() => Promise<number>> {
  const credentials = await loadCredentials(kubernetesConfig.parse({ kubeconfig }));
  return async () => {
    const options = await credentials.options();
    const url = new URL(`${credentials.server}${streamed}&resourceVersionMatch=NotOlderThan`);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, options, resolve).once('error', reject).end();
    });
    let rest: Buffer = Buffer.alloc(0);
    let nodes = 0;
    for await (const chunk of response) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
      let start = 0;
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        const { type } = JSON.parse(bytes.toString('utf8', start, end)) as { readonly type: string };
        start = end + 1;
        if (type === 'BOOKMARK') return nodes;
        nodes += 1;
      }
      rest = bytes.subarray(start);
    }
    throw new Error('The server ended the list too early.');
  };
}

/** What the gateway does: the watch of the adapter, up to a complete list; with the objects that are made of it if wanted. */
async function adapter(kubeconfig: string, makeObjects: boolean): Promise<() => Promise<number>> {
  const context: ConnectContext = {
    key: 'bench',
    oCloudId,
    idOf: (object, identity) => objectId(oCloudId, 'bench', object, identity),
    siteOf: (zone) => ({ oCloudSiteId: `site-${zone}`, globalLocationId: `place-${zone}` }),
    log: () => undefined,
  };
  const connection = await connect(kubernetesConfig.parse({ kubeconfig }), context);
  const kit = materialise(oCloudId, 'bench', connection.project);
  return async () => {
    let nodes = 0;
    for await (const { events } of connection.watch!(new AbortController().signal, undefined)) {
      if (makeObjects) {
        // In pieces with turns between them, as the reader of a gateway does.
        for (let start = 0; start < events.length; start += piece) {
          for (const event of kit.apply(events.slice(start, start + piece))) {
            if (event.type === 'upsert' && event.object === 'Resource') nodes += 1;
            if (event.type === 'complete' && event.object === 'Resource') return nodes;
          }
          if (events.length - start >= piece) await nextTurn();
        }
      } else {
        for (const event of events) {
          if (event.type === 'upsert' && event.kind === 'Node') nodes += 1;
          if (event.type === 'complete' && event.kind === 'Node') return nodes;
        }
      }
    }
    throw new Error('The watch ended before the list was complete.');
  };
}

/** On a machine that others use, too, the loop is late because of them; this is not. Answers how to end it, in milliseconds. */
function workBetweenTicks(): () => readonly number[] {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const turns: number[] = [];
  let last = used();
  const timer = setInterval(() => {
    const now = used();
    turns.push(now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return turns;
  };
}

const [kubeconfig, reading] = process.argv.slice(2) as [string, Reading];
const read = await (reading === 'bare' ? bare(kubeconfig) : adapter(kubeconfig, reading === 'objects'));
(globalThis as { gc?: () => void }).gc?.();
// The kernel forgets the most there was (proc(5), clear_refs).
writeFileSync('/proc/self/clear_refs', '5');
const before = memory(process.pid).resident;
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const work = workBetweenTicks();
const [cpu, waited] = [cpuTime(process.pid), starved(process.pid)];
const began = performance.now();
const nodes = await read();
const milliseconds = performance.now() - began;
loop.disable();
const sync: Sync = {
  nodes,
  milliseconds,
  memory: memory(process.pid).most - before,
  cpu: (cpuTime(process.pid) - cpu) / 1000,
  starved: ((starved(process.pid) - waited) / milliseconds) * 100,
  delay: loop.percentile(99) / 1e6,
  work: percentile(work(), 0.99),
};
process.stdout.write(`${JSON.stringify(sync)}\n`, () => process.exit());
