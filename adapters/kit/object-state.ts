import type { ObjectName } from '#schema/objects.js';
import type { EachProjection, GroupProjection, Projected } from '../contract.js';
import type { MadeObjects } from './made-objects.js';
import type { Fact, ObjectEvent } from './materialise.js';

type NativeFact = Extract<Fact, { identity: string }>;

/** What one projection keeps between facts. */
export interface ObjectState {
  readonly object: ObjectName;
  /** Native kinds it is made of. */
  readonly kinds: readonly string[];
  /** Whether several natives make one object. */
  readonly grouped: boolean;
  readonly ids: ReadonlySet<string>;
  apply(fact: NativeFact): void;
  /** What changed since; `listed`: whether a full list had part in it. */
  drain(listed: boolean): readonly ObjectEvent[];
}

export class EachState implements ObjectState {
  readonly object: ObjectName;
  readonly kinds: readonly string[];
  readonly grouped = false;
  readonly ids: ReadonlySet<string>;
  readonly #made: MadeObjects;
  readonly #build: (native: unknown, identity: string) => Projected | undefined;

  constructor(made: MadeObjects, { each, build }: EachProjection<ObjectName>) {
    this.object = made.object;
    this.kinds = [each];
    this.ids = made.ids;
    this.#made = made;
    this.#build = build as (native: unknown, identity: string) => Projected | undefined;
  }

  apply(fact: NativeFact): void {
    const { type, identity } = fact;
    if (type === 'upsert') this.#made.make(identity, () => this.#build(fact.native, identity), fact);
    else if (type === 'delete') this.#made.drop(identity, fact);
    else this.#made.forget(identity);
  }

  drain(): readonly ObjectEvent[] {
    return this.#made.drain();
  }
}

type Contribution = readonly [key: string, contribution: unknown];
type Contribute = (native: unknown, identity: string) => Iterable<Contribution>;

export class GroupState implements ObjectState {
  readonly object: ObjectName;
  readonly kinds: readonly string[];
  readonly grouped = true;
  readonly ids: ReadonlySet<string>;
  readonly #made: MadeObjects;
  readonly #projection: GroupProjection<ObjectName>;
  /** Contributions by key and by native, and the keys of each native's. */
  readonly #groups = new Map<string, Map<string, unknown>>();
  readonly #keysOf = new Map<string, readonly string[]>();
  /** Groups to be built anew, and those that only lost what a list no longer named. */
  readonly #dirty = new Set<string>();
  readonly #shrunk = new Set<string>();

  constructor(made: MadeObjects, projection: GroupProjection<ObjectName>) {
    this.object = made.object;
    this.kinds = Object.keys(projection.contribute);
    this.ids = made.ids;
    this.#made = made;
    this.#projection = projection;
  }

  apply(fact: NativeFact): void {
    const reference = `${fact.kind}\n${fact.identity}`;
    const contributions = fact.type === 'upsert' ? this.#contributionsOf(fact) : [];
    if (!contributions) return;
    this.#retract(reference, fact.type === 'forget' ? this.#shrunk : this.#dirty);
    for (const [key, contribution] of contributions) {
      const group = this.#groups.get(key) ?? new Map<string, unknown>();
      this.#groups.set(key, group.set(reference, contribution));
      this.#dirty.add(key);
    }
    if (contributions.length > 0) this.#keysOf.set(reference, [...new Set(contributions.map(([key]) => key))]);
  }

  drain(listed: boolean): readonly ObjectEvent[] {
    for (const key of new Set([...this.#dirty, ...this.#shrunk])) this.#rebuild(key, listed);
    this.#dirty.clear();
    this.#shrunk.clear();
    return this.#made.drain();
  }

  /** Undefined when the projection refuses the native: what it said before stays. */
  #contributionsOf({ kind, native, identity }: NativeFact & { type: 'upsert' }): readonly Contribution[] | undefined {
    try {
      return [...(this.#projection.contribute[kind] as Contribute)(native, identity)];
    } catch (fault) {
      this.#made.refuse(identity, fault);
      return undefined;
    }
  }

  #retract(reference: string, mark: Set<string>): void {
    for (const key of this.#keysOf.get(reference) ?? []) {
      this.#groups.get(key)?.delete(reference);
      mark.add(key);
    }
    this.#keysOf.delete(reference);
  }

  #rebuild(key: string, listed: boolean): void {
    const group = this.#groups.get(key);
    const mark = listed ? { listed: true as const } : {};
    if (group && group.size > 0) {
      this.#made.make(key, () => this.#projection.build(key, [...group.values()]), mark);
      return;
    }
    this.#groups.delete(key);
    if (!this.#dirty.has(key)) this.#made.forget(key);
    else if (this.#made.has(key)) this.#made.drop(key, mark);
  }
}
