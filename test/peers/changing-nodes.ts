import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from '../faults/draw.js';
import type { History, Step } from '../faults/ledger.js';
import type { Marks } from '../faults/receipt.js';
import { makeNode, type Cluster } from './cluster.js';

/** A Node as the API server answers it. */
export interface AnsweredNode {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly unschedulable?: boolean };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

export const poolLabel = 'netweave.io/resource-pool';
const revisionLabel = 'faults.example/revision';
/** Nodes below which none is deleted. */
export const fewest = 20;

/** A state is known by what its writer numbered, and by whether kwok has made the node ready, which it does once. */
const revisionOf = (written: string | undefined, ready: boolean): number | undefined =>
  written === undefined ? undefined : 2 * Number(written) + (ready ? 1 : 0);

/** As a gateway shows a node: its UID, and the state as above. */
export const nodeMarks: Marks = ({ uid, labels, operationalState }) => ({
  object: uid as string | undefined,
  revision: revisionOf(
    (labels as Readonly<Record<string, string>> | undefined)?.[revisionLabel],
    operationalState === 'enabled',
  ),
});

export const isReady = ({ status }: AnsweredNode): boolean =>
  status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');

interface Changes {
  readonly draw: Draw;
  /** Whether somebody was told of the node with this UID. */
  told(uid: string): boolean;
}

/** Changes Nodes at the API server, one write after the other, and keeps what it answered as the ledger of what happened. */
export class ChangingNodes {
  readonly #cluster: Cluster;
  readonly #changes: Changes;
  readonly #histories = new Map<string, History & { readonly steps: Step[] }>();
  /** Names by UID. */
  readonly #living = new Map<string, string>();
  #names = 0;
  #revision = 0;
  /** How many nodes were created under the name of one that had been deleted. */
  replaced = 0;

  constructor(cluster: Cluster, changes: Changes) {
    this.#cluster = cluster;
    this.#changes = changes;
  }

  /** By UID: a node that was deleted and created again is another one. */
  get histories(): ReadonlyMap<string, History> {
    return this.#histories;
  }

  /** How many changes the API server has answered, those of kwok among them. */
  get count(): number {
    return [...this.#histories.values()].reduce((sum, { steps }) => sum + steps.length, 0);
  }

  async change(): Promise<void> {
    const { draw, told } = this.#changes;
    const part = draw.part();
    if (this.#living.size < fewest || part < 0.12) return this.#create(`changing-${(this.#names += 1)}`);
    const [uid, name] = draw.from([...this.#living]);
    // Several in a row, now and then: states that may be merged.
    if (part < 0.8) for (let n = part < 0.72 ? 1 : 4; n > 0; n -= 1) await this.#modify(uid, name);
    // A life that began and ended while nobody watched could be known to nobody.
    else if (told(uid)) {
      await this.#delete(uid, name);
      if (draw.part() < 0.6) await this.#create(name).then(() => (this.replaced += 1));
    }
  }

  /** As a kubelet does: it registers before it is ready. */
  async #create(name: string): Promise<void> {
    const labels = { [revisionLabel]: this.#next() };
    const path = `/api/v1/nodes/${name}`;
    let node = await this.#cluster.request<AnsweredNode>(
      'POST',
      '/api/v1/nodes',
      makeNode(name, { labels, ready: false }),
    );
    const { uid } = node.metadata;
    this.#histories.set(uid, { object: uid, type: 'ResourceInfo', steps: [] });
    this.#note('created', node);
    for (; !isReady(node); await sleep(10)) node = await this.#cluster.request<AnsweredNode>('GET', path);
    this.#note('modified', node);
    this.#living.set(uid, name);
  }

  /** Cordons it or not, moves it to another pool, or labels it anew. */
  async #modify(uid: string, name: string): Promise<void> {
    const { draw } = this.#changes;
    const pool = draw.from([null, 'edge-a', 'edge-b', 'core']);
    const rack = `rack-${draw.between(1, 9)}`;
    const unschedulable = draw.part() < 0.5;
    const change = draw.from([
      { spec: { unschedulable } },
      { metadata: { labels: { [poolLabel]: pool } } },
      { metadata: { labels: { 'example.com/rack': rack } } },
    ]);
    const labels = { ...change.metadata?.labels, [revisionLabel]: this.#next() };
    const body = { ...change, metadata: { uid, labels } };
    this.#note('modified', await this.#cluster.request<AnsweredNode>('PATCH', `/api/v1/nodes/${name}`, body));
  }

  async #delete(uid: string, name: string): Promise<void> {
    await this.#cluster.request('DELETE', `/api/v1/nodes/${name}`, { preconditions: { uid } });
    const { steps } = this.#histories.get(uid)!;
    steps.push({ event: 'deleted', revision: steps.at(-1)!.revision, at: Date.now() });
    this.#living.delete(uid);
  }

  #next(): string {
    return `${(this.#revision += 1)}`;
  }

  #note(event: 'created' | 'modified', node: AnsweredNode): void {
    const { uid, labels } = node.metadata;
    const revision = revisionOf(labels[revisionLabel], isReady(node))!;
    this.#histories.get(uid)!.steps.push({ event, revision, at: Date.now() });
  }
}
