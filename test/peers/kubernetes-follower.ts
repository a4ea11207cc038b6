import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectContext, NativeEvent } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';
import { kubernetesConfig } from '#adapters/kubernetes/config.js';
import { connect } from '#adapters/kubernetes/connect.js';
import { type Timing, usualTiming } from '#adapters/kubernetes/reflector/timing.js';
import type { Cluster } from './cluster.js';

const oCloudId = 'f0a7b3f0-0000-4000-8000-000000000001';

export const context: ConnectContext = {
  key: 'peer',
  oCloudId,
  idOf: (object, identity) => objectId(oCloudId, 'peer', object, identity),
  siteOf: (zone) => ({ oCloudSiteId: `site-${zone ?? 'default'}`, globalLocationId: `place-${zone ?? 'default'}` }),
  log: () => undefined,
};

/** The usual periods with everything that waits made short. */
export const impatient: Timing = {
  ...usualTiming,
  bookmarkSilence: 4_000,
  watchFor: 4_000,
  grace: 1_000,
  answerWithin: 4_000,
  shortest: 0,
  backoff: { first: 20, longest: 400, healthyAfter: 120_000 },
};

/** What a consumer of the adapter's watch knows of the Nodes, and what it was told. */
export interface Follower {
  /** resourceVersion by UID. */
  readonly held: ReadonlyMap<string, string>;
  /** UIDs in the order in which they came and went; twice if told twice. */
  readonly created: readonly string[];
  readonly deleted: readonly string[];
  /** Full lists begun. */
  readonly lists: number;
  /** Resolves when it holds exactly what the API server has; throws with the difference if it does not come to that. */
  settle(cluster: Cluster): Promise<void>;
  stop(): Promise<void>;
}

interface NodeList {
  readonly items: readonly { readonly metadata: { readonly uid: string; readonly resourceVersion: string } }[];
}

/** Follows the way the kit does: a complete list takes away what it did not name. */
class Following implements Follower {
  readonly held = new Map<string, string>();
  readonly created: string[] = [];
  readonly deleted: string[] = [];
  lists = 0;
  readonly stop: () => Promise<void>;
  #listed: Set<string> | undefined;

  constructor(stop: () => Promise<void>) {
    this.stop = stop;
  }

  apply(event: NativeEvent): void {
    if (event.type === 'begin') {
      this.lists += 1;
      this.#listed = new Set();
    } else if (event.type === 'upsert') {
      if (!this.held.has(event.identity)) this.created.push(event.identity);
      this.held.set(event.identity, event.version!);
      this.#listed?.add(event.identity);
    } else if (event.type === 'delete') this.#forget(event.identity);
    else if (event.type === 'complete') {
      for (const uid of this.held.keys()) if (!this.#listed!.has(uid)) this.#forget(uid);
      this.#listed = undefined;
    }
  }

  #forget(uid: string): void {
    if (this.held.delete(uid)) this.deleted.push(uid);
  }

  async settle(cluster: Cluster): Promise<void> {
    let differences: string[] = [];
    for (let attempt = 0; attempt < 600; attempt += 1) {
      const { items } = await cluster.request<NodeList>('GET', '/api/v1/nodes');
      const there = new Map(items.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
      const all = new Set([...there.keys(), ...this.held.keys()]);
      differences = [...all].filter((uid) => there.get(uid) !== this.held.get(uid));
      if (differences.length === 0) return;
      await sleep(100);
    }
    throw new Error(
      `${differences.length} Nodes differ from the API server's, such as ${differences.slice(0, 5).join(', ')}.`,
    );
  }
}

/** Connects with a kubeconfig and follows the Nodes until `stop`. */
export async function followNodes(kubeconfig: string, timing: Timing = impatient): Promise<Follower> {
  const connection = await connect(kubernetesConfig.parse({ kubeconfig }), context, timing);
  const stopped = new AbortController();
  const following = new Following(async () => {
    stopped.abort();
    await loop;
    await connection.close();
  });
  const loop = (async () => {
    for await (const { events } of connection.watch!(stopped.signal, undefined)) {
      for (const event of events) if (event.kind === 'Node') following.apply(event);
    }
  })();
  return following;
}
