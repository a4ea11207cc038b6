import { definitionOf, type ObjectName, objectNames } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import type { EachProjection, GroupProjection, Projections } from '../contract.js';
import { KindStates } from './kind-states.js';
import { EachState, GroupState, type ObjectState } from './object-state.js';
import { MadeObjects } from './made-objects.js';

/** What a materialiser is told: natives that count, in the order in which they count. */
export type Fact =
  | {
      readonly type: 'upsert';
      readonly kind: string;
      readonly identity: string;
      readonly native: unknown;
      readonly version?: string;
      /** Named by a full list: what the backend had when the list was made, not what happened. */
      readonly listed?: true;
    }
  | { readonly type: 'delete'; readonly kind: string; readonly identity: string; readonly version?: string }
  /** A full list of the kind did not name it. */
  | { readonly type: 'forget'; readonly kind: string; readonly identity: string }
  | { readonly type: 'begin'; readonly kind: string }
  | { readonly type: 'complete' | 'current'; readonly kind: string }
  | { readonly type: 'stale'; readonly kind: string; readonly reason: string };

/** What a batch of natives means for the objects of an instance. */
export type ObjectEvent =
  | {
      readonly type: 'upsert';
      readonly object: ObjectName;
      readonly id: string;
      readonly identity: string;
      readonly tenant: string | null;
      readonly value: Value;
      readonly version?: string;
      /** Made from a full list: see Fact. */
      readonly listed?: true;
    }
  | {
      readonly type: 'delete';
      readonly object: ObjectName;
      readonly id: string;
      readonly version?: string;
      readonly listed?: true;
    }
  /** All natives of this object are known: whatever is stored and not among `ids` is gone. */
  | { readonly type: 'complete'; readonly object: ObjectName; readonly ids: ReadonlySet<string> }
  | { readonly type: 'stale'; readonly object: ObjectName; readonly reason: string }
  | { readonly type: 'current'; readonly object: ObjectName };

/** Natives in, objects out. Holds the contributions and a digest of what was made, never the natives themselves. */
export interface Materialiser {
  /** Throws nothing: a native that cannot be projected is refused alone. */
  apply(facts: readonly Fact[]): readonly ObjectEvent[];
  /** Whether natives of these kinds contribute to objects that are not made yet, because other natives are missing. */
  unread(kinds: Iterable<string>): boolean;
  /** When something goes of itself, milliseconds since 1970: the next `apply`, of nothing too, tells it from then on. */
  nextEnd(): number | undefined;
}

/** A projection threw, or made what the model does not allow: the object stays as it was. */
export type Refused = (object: ObjectName, identity: string, fault: unknown) => void;

export interface MaterialiserOptions {
  /** Throws when absent. */
  readonly refused?: Refused;
  /**
   * Objects that were complete once in the life of the store. What is stored of them is better than a group without the
   * natives of a kind that cannot be read; of other objects a part is better than nothing.
   */
  readonly before?: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The one place where natives become objects: re-projects what depends on a changed native, compares with what was made
 * before and emits only differences.
 */
export function materialise(
  oCloudId: string,
  instance: string,
  project: Projections,
  { refused = rethrow, before = new Set(), now = Date.now }: MaterialiserOptions = {},
): Materialiser {
  const states = objectNames.flatMap((object) => {
    const projection = project[object] as EachProjection<ObjectName> | GroupProjection<ObjectName> | undefined;
    if (!projection) return [];
    const made = new MadeObjects(oCloudId, instance, definitionOf(object), refused);
    return ['each' in projection ? new EachState(made, projection) : new GroupState(made, projection)];
  });
  const kinds = new KindStates(states.flatMap((state) => state.kinds));
  const concerned = statesByKind(states);
  const ready = (state: ObjectState) => kinds.all(state.kinds, before.has(state.object) ? 'read' : 'answered');
  /** Objects of which a kind was listed anew since their last `complete`. */
  const relisted = new Set<ObjectState>();
  /** What was last told of natives that were refused. */
  const refusals = new Map<ObjectState, string | undefined>();

  function noteKind(fact: Extract<Fact, { type: 'complete' | 'stale' | 'current' }>, out: ObjectEvent[]): void {
    kinds.note(fact);
    for (const state of concerned(fact.kind)) {
      if (fact.type === 'complete') relisted.add(state);
      else if (fact.type === 'stale') out.push({ type: 'stale', object: state.object, reason: fact.reason });
      else if (kinds.all(state.kinds, 'current')) out.push({ type: 'current', object: state.object });
    }
  }

  return {
    apply(facts) {
      const out: ObjectEvent[] = [];
      let listed = false;
      for (const fact of facts) {
        if ('identity' in fact) for (const state of concerned(fact.kind)) state.apply(fact);
        else if (fact.type !== 'begin') noteKind(fact, out);
        listed ||= fact.type === 'forget' || (fact.type === 'upsert' && fact.listed === true);
      }
      for (const state of states) {
        if (!state.grouped || ready(state)) for (const event of state.drain(listed, now())) out.push(event);
        if (relisted.has(state) && kinds.all(state.kinds, 'current') && !state.doubtful) {
          relisted.delete(state);
          out.push({ type: 'complete', object: state.object, ids: state.ids });
        }
        const told = refusalEvent(state, refusals.get(state), out);
        if (told?.type === 'stale' || (told && kinds.all(state.kinds, 'current'))) out.push(told);
        refusals.set(state, state.refusal);
      }
      return out;
    },
    nextEnd: () => earliest(states.map((state) => state.nextEnd)),
    unread: (named) => [...named].some((kind) => concerned(kind).some((state) => state.grouped && !ready(state))),
  };
}

/** What is to be told of refused natives: what is new, and all again after an event that says that the object is known. */
function refusalEvent({ object, refusal }: ObjectState, before: string | undefined, told: readonly ObjectEvent[]) {
  const known = (event: ObjectEvent) =>
    event.object === object && (event.type === 'complete' || event.type === 'current');
  if (refusal !== undefined && (refusal !== before || told.some(known))) {
    return { type: 'stale', object, reason: refusal } as const;
  }
  return refusal === undefined && before !== undefined ? ({ type: 'current', object } as const) : undefined;
}

/** The smallest of those that are there. */
function earliest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((first, time) => (first === undefined || (time !== undefined && time < first) ? time : first));
}

function statesByKind(states: readonly ObjectState[]): (kind: string) => readonly ObjectState[] {
  const kinds = new Set(states.flatMap((state) => state.kinds));
  const byKind = new Map([...kinds].map((kind) => [kind, states.filter((state) => state.kinds.includes(kind))]));
  return (kind) => byKind.get(kind) ?? [];
}

function rethrow(_object: ObjectName, _identity: string, fault: unknown): never {
  throw fault;
}
