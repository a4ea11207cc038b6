import type { Attributes, Cluster, Equipment, Health, Kind, Model, Pool, Site } from './api.js';

/** What is stored of a piece of equipment: what was said about it. Everything else is drawn from seed and id when it is asked for. */
export interface EquipmentState {
  readonly id: string;
  readonly version: number;
  readonly pool: string;
  readonly model: string;
  readonly said?: Said;
}

export type Said = Partial<Pick<Equipment, 'summary' | 'tags' | 'groups' | 'assetTag' | 'owner'>> & {
  readonly health?: Health;
  readonly locked?: boolean;
  readonly attributes?: Attributes;
};

export interface States {
  readonly sites: Site;
  readonly models: Model;
  readonly pools: Pool;
  readonly equipment: EquipmentState;
  readonly clusters: Cluster;
}

/** One change. `state` is as it was right after it; a dropped object has none. States are never altered, only replaced. */
export interface Change<K extends Kind = Kind> {
  readonly sequence: number;
  readonly kind: K;
  readonly id: string;
  readonly state?: States[K];
}

type Unversioned<S> = Omit<S, 'version'>;

/**
 * Everything an operator owns, and what happened to it lately. Every change takes the next sequence number, which is the
 * version of the changed object; a restart begins above all numbers it gave before.
 */
export class Estate {
  readonly #states: { readonly [K in Kind]: Map<string, States[K]> } = {
    sites: new Map(),
    models: new Map(),
    pools: new Map(),
    equipment: new Map(),
    clusters: new Map(),
  };
  readonly #members = new Map<string, Set<string>>();
  readonly #listeners = new Set<() => void>();
  readonly #history: (Change | undefined)[];
  readonly #first: number;
  #sequence: number;

  /** `history` changes are kept for watchers; the others must list again. */
  constructor(sequence: number, history: number) {
    this.#first = sequence;
    this.#sequence = sequence;
    this.#history = new Array<Change | undefined>(history);
  }

  /** Sequence of the newest change. */
  get sequence(): number {
    return this.#sequence;
  }

  count(kind: Kind): number {
    return this.#states[kind].size;
  }

  get<K extends Kind>(kind: K, id: string): States[K] | undefined {
    return this.#states[kind].get(id);
  }

  /** Safe to walk while it changes: what is changed meanwhile is seen before or after, what is added is seen. */
  all<K extends Kind>(kind: K): IterableIterator<States[K]> {
    return this.#states[kind].values();
  }

  /** Ids of the equipment of a pool, oldest first. */
  members(pool: string): ReadonlySet<string> {
    return this.#members.get(pool) ?? new Set();
  }

  /** Puts what is there from the beginning: no change, no history. */
  settle<K extends Kind>(kind: K, state: Unversioned<States[K]>): void {
    this.#store(kind, { ...state, version: this.#first } as States[K]);
  }

  /** Undoes `settle`. */
  unsettle(kind: Kind, id: string): void {
    this.#remove(kind, id);
  }

  put<K extends Kind>(kind: K, state: Unversioned<States[K]>): Change<K> {
    const stored = { ...state, version: this.#sequence + 1 } as States[K];
    this.#store(kind, stored);
    return this.#record({ sequence: ++this.#sequence, kind, id: state.id, state: stored });
  }

  drop<K extends Kind>(kind: K, id: string): Change<K> {
    this.#remove(kind, id);
    return this.#record({ sequence: ++this.#sequence, kind, id });
  }

  /** Up to `limit` changes after `sequence`; undefined when they are no longer, or not yet, known. */
  after(sequence: number, limit: number): Change[] | undefined {
    const oldest = Math.max(this.#first, this.#sequence - this.#history.length);
    if (sequence < oldest || sequence > this.#sequence) return undefined;
    const changes: Change[] = [];
    const last = Math.min(this.#sequence, sequence + limit);
    for (let at = sequence + 1; at <= last; at++) changes.push(this.#history[at % this.#history.length]!);
    return changes;
  }

  /** Calls back after every change; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #store<K extends Kind>(kind: K, state: States[K]): void {
    const pool = kind === 'equipment' ? (state as EquipmentState).pool : undefined;
    if (pool !== undefined) {
      const before = this.#states.equipment.get(state.id)?.pool;
      if (before !== undefined && before !== pool) this.#members.get(before)?.delete(state.id);
      if (!this.#members.has(pool)) this.#members.set(pool, new Set());
      this.#members.get(pool)!.add(state.id);
    }
    this.#states[kind].set(state.id, state);
  }

  #remove(kind: Kind, id: string): void {
    if (kind === 'equipment') this.#members.get(this.#states.equipment.get(id)?.pool ?? '')?.delete(id);
    if (kind === 'pools') this.#members.delete(id);
    this.#states[kind].delete(id);
  }

  #record<K extends Kind>(change: Change<K>): Change<K> {
    this.#history[change.sequence % this.#history.length] = change;
    for (const listener of this.#listeners) listener();
    return change;
  }
}
