import { createHash } from 'node:crypto';
import { definitionOf, type ObjectName, objectNames } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import type { EachProjection, GroupProjection, NativeEvent, Projected, Projections } from '../contract.js';
import { objectId } from './identity.js';

/** What a batch of natives means for the objects of an instance. */
export type ObjectEvent =
  | { readonly type: 'upsert'; readonly object: ObjectName; readonly id: string; readonly identity: string; readonly tenant: string | null; readonly value: Value; readonly version?: string }
  | { readonly type: 'delete'; readonly object: ObjectName; readonly id: string; readonly version?: string }
  /** All natives of this object are known: whatever was stored and not named since is gone. */
  | { readonly type: 'complete'; readonly object: ObjectName; readonly ids: ReadonlySet<string> }
  | { readonly type: 'stale'; readonly object: ObjectName; readonly reason: string }
  | { readonly type: 'current'; readonly object: ObjectName };

interface Made {
  readonly id: string;
  digest: string;
  version?: string;
}

/** Natives in, objects out. Holds the contributions and a digest of what was made, never the natives themselves. */
export interface Materialiser {
  apply(events: readonly NativeEvent[]): readonly ObjectEvent[];
}

interface ObjectState {
  readonly object: ObjectName;
  readonly kinds: readonly string[];
  readonly made: Map<string, Made>;
  apply(event: NativeEvent & { type: 'upsert' | 'delete' }): void;
  /** Forgets the natives of a kind that a complete list did not name. */
  sweep(kind: string, seen: ReadonlySet<string>): void;
  drain(): ObjectEvent[];
}

/**
 * The one place where natives become objects: re-projects what depends on a changed native, compares with what was made
 * before and emits only differences.
 */
export function materialise(oCloudId: string, instance: string, project: Projections): Materialiser {
  const states = objectNames.flatMap((object) => {
    const projection = project[object] as EachProjection<ObjectName> | GroupProjection<ObjectName> | undefined;
    if (!projection) return [];
    const made = new MadeObjects(oCloudId, instance, object);
    return ['each' in projection ? eachState(made, projection) : groupState(made, projection)];
  });
  const lists = new Map<string, Set<string>>();
  const complete = new Set<string>();
  const finished = (state: ObjectState) => state.kinds.every((kind) => complete.has(kind));

  return {
    apply(events) {
      const out: ObjectEvent[] = [];
      const completed = new Set<string>();
      for (const event of events) {
        const concerned = states.filter((state) => state.kinds.includes(event.kind));
        if (event.type === 'begin') lists.set(event.kind, new Set());
        else if (event.type === 'upsert' || event.type === 'delete') {
          if (event.type === 'upsert') lists.get(event.kind)?.add(event.identity);
          for (const state of concerned) state.apply(event);
        } else if (event.type === 'complete') {
          for (const state of concerned) state.sweep(event.kind, lists.get(event.kind) ?? new Set());
          lists.delete(event.kind);
          complete.add(event.kind);
          completed.add(event.kind);
        } else {
          if (event.type === 'stale') lists.delete(event.kind);
          for (const state of concerned) out.push(event.type === 'stale' ? { ...event, object: state.object } : { type: 'current', object: state.object });
        }
      }
      for (const state of states) {
        out.push(...state.drain());
        if (state.kinds.some((kind) => completed.has(kind)) && finished(state)) {
          out.push({ type: 'complete', object: state.object, ids: new Set([...state.made.values()].map((made) => made.id)) });
        }
      }
      return out;
    },
  };
}

/** What was made so far of one object, by native identity. */
class MadeObjects {
  readonly object: ObjectName;
  readonly byIdentity = new Map<string, Made>();
  readonly #oCloudId: string;
  readonly #instance: string;
  readonly #key: string;
  #out: ObjectEvent[] = [];

  constructor(oCloudId: string, instance: string, object: ObjectName) {
    this.#oCloudId = oCloudId;
    this.#instance = instance;
    this.object = object;
    this.#key = definitionOf(object).key;
  }

  set(identity: string, projected: Projected | undefined, version: string | undefined): void {
    if (!projected) return this.drop(identity, version);
    const before = this.byIdentity.get(identity);
    const id = before?.id ?? objectId(this.#oCloudId, this.#instance, this.object, identity);
    const value: Value = { [this.#key]: id, ...projected.value };
    const digest = createHash('sha1').update(JSON.stringify([projected.tenant, value])).digest('base64');
    if (before?.digest === digest && before.version === version) return;
    const made: Made = { id, digest, ...(version === undefined ? {} : { version }) };
    this.byIdentity.set(identity, made);
    const event = { type: 'upsert', object: this.object, id, identity, tenant: projected.tenant, value } as const;
    this.#out.push(version === undefined ? event : { ...event, version });
  }

  drop(identity: string, version: string | undefined): void {
    const before = this.byIdentity.get(identity);
    if (!before) return;
    this.byIdentity.delete(identity);
    const event = { type: 'delete', object: this.object, id: before.id } as const;
    this.#out.push(version === undefined ? event : { ...event, version });
  }

  /** What a complete list no longer names: said by the `complete` event as a whole, so that a mass loss can be held back. */
  forget(identity: string): void {
    this.byIdentity.delete(identity);
  }

  drain(): ObjectEvent[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

function eachState(made: MadeObjects, projection: EachProjection<ObjectName>): ObjectState {
  const build = projection.build as (native: unknown, identity: string) => Projected | undefined;
  return {
    object: made.object,
    kinds: [projection.each],
    made: made.byIdentity,
    apply(event) {
      if (event.type === 'delete') made.drop(event.identity, event.version);
      else made.set(event.identity, build(event.native, event.identity), event.version);
    },
    sweep(_kind, seen) {
      for (const identity of made.byIdentity.keys()) if (!seen.has(identity)) made.forget(identity);
    },
    drain: () => made.drain(),
  };
}

function groupState(made: MadeObjects, projection: GroupProjection<ObjectName>): ObjectState {
  type Contribute = (native: unknown, identity: string) => Iterable<readonly [string, unknown]>;
  const groups = new Map<string, Map<string, unknown>>();
  const keysOf = new Map<string, readonly string[]>();
  const dirty = new Set<string>();
  const swept = new Set<string>();
  const retract = (reference: string, mark: Set<string>) => {
    for (const key of keysOf.get(reference) ?? []) {
      groups.get(key)?.delete(reference);
      mark.add(key);
    }
    keysOf.delete(reference);
  };
  return {
    object: made.object,
    kinds: Object.keys(projection.contribute),
    made: made.byIdentity,
    apply(event) {
      const reference = `${event.kind}\n${event.identity}`;
      retract(reference, dirty);
      if (event.type === 'delete') return;
      const contributions = [...(projection.contribute[event.kind] as Contribute)(event.native, event.identity)];
      for (const [key, contribution] of contributions) {
        const group = groups.get(key) ?? new Map<string, unknown>();
        groups.set(key, group.set(reference, contribution));
        dirty.add(key);
      }
      keysOf.set(reference, contributions.map(([key]) => key));
    },
    sweep(kind, seen) {
      for (const reference of keysOf.keys()) {
        const at = reference.indexOf('\n');
        if (reference.slice(0, at) === kind && !seen.has(reference.slice(at + 1))) retract(reference, swept);
      }
    },
    drain() {
      for (const key of new Set([...dirty, ...swept])) {
        const group = groups.get(key);
        const left = group !== undefined && group.size > 0;
        if (!left) groups.delete(key);
        if (!left && !dirty.has(key)) made.forget(key);
        else made.set(key, left ? projection.build(key, [...group.values()]) : undefined, undefined);
      }
      dirty.clear();
      swept.clear();
      return made.drain();
    },
  };
}
