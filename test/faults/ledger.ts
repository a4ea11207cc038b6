import type { Attributes, ChangeLine } from '#adapters/simulator/o-cloud/api.js';

/** An object type as notifications call it. */
export type ObjectType = 'ResourcePoolInfo' | 'ResourceInfo';
export type EventName = 'created' | 'modified' | 'deleted';

/** One thing that happened to an object. `revision` names the state after it; of a deletion, the last one before it. */
export interface Step {
  readonly event: EventName;
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** All that happened to one object, by the O-Cloud's own account, oldest first. An object is never made twice. */
export interface History {
  /** The label that the object bears, `extensions.history`. */
  readonly object: string;
  readonly type: ObjectType;
  readonly steps: readonly Step[];
}

/** An object that is there now. */
export interface Living {
  readonly object: string;
  readonly kind: 'pools' | 'equipment';
  /** The O-Cloud's own id of it, and of the pool that equipment stands in. */
  readonly id: string;
  readonly pool?: string;
}

interface Kept {
  readonly history: History & { readonly steps: Step[] };
  readonly living: Living;
}

const types = { pools: 'ResourcePoolInfo', equipment: 'ResourceInfo' } as const;

/** What happened at the O-Cloud to the objects that bear a label. */
export class Ledger {
  readonly #histories = new Map<string, History>();
  readonly #living = new Map<string, Kept>();

  get histories(): ReadonlyMap<string, History> {
    return this.#histories;
  }

  get living(): readonly Living[] {
    return [...this.#living.values()].map(({ living }) => living);
  }

  note(line: ChangeLine, at: number): void {
    const known = this.#living.get(line.id);
    if (line.type === 'drop') {
      if (!known) return;
      known.history.steps.push({ event: 'deleted', revision: known.history.steps.at(-1)!.revision, at });
      this.#living.delete(line.id);
      return;
    }
    const { history: object, revision } = (line.object as { readonly attributes?: Attributes }).attributes ?? {};
    if (typeof object !== 'string' || typeof revision !== 'number') return;
    if (known) return void known.history.steps.push({ event: 'modified', revision, at });
    if (line.kind !== 'pools' && line.kind !== 'equipment') return;
    const history = { object, type: types[line.kind], steps: [{ event: 'created' as const, revision, at }] };
    const { pool } = line.object as { readonly pool?: string };
    const living = { object, kind: line.kind, id: line.id, ...(pool !== undefined && { pool }) };
    this.#histories.set(object, history);
    this.#living.set(line.id, { history, living });
  }
}
