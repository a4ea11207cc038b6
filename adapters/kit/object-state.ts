import type { ObjectName } from '#schema/objects.js';
import type { EachProjection, GroupProjection, Projected } from '../contract.js';
import { Group } from './group.js';
import type { MadeObjects } from './made-objects.js';
import type { Fact, ObjectEvent } from './materialise.js';
import { Refusals } from './refusals.js';

type NativeFact = Extract<Fact, { identity: string }>;

/** What one projection keeps between facts. */
export interface ObjectState {
  readonly object: ObjectName;
  /** Native kinds it is made of. */
  readonly kinds: readonly string[];
  /** Whether several natives make one object. */
  readonly grouped: boolean;
  readonly ids: ReadonlySet<string>;
  /** Whether `ids` lack objects, because natives that would be part of them were refused. */
  readonly doubtful: boolean;
  /** Why some objects are not as the backend says; undefined when all are. */
  readonly refusal: string | undefined;
  apply(fact: NativeFact): void;
  /** What changed since; `listed`: whether a full list had part in it. */
  drain(listed: boolean, now: number): readonly ObjectEvent[];
  /** When an object goes of which nothing is left, milliseconds since 1970. */
  readonly nextEnd: number | undefined;
}

export class EachState implements ObjectState {
  readonly object: ObjectName;
  readonly kinds: readonly string[];
  readonly grouped = false;
  readonly doubtful = false;
  readonly nextEnd = undefined;
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

  get refusal(): string | undefined {
    return this.#made.refusals.reason;
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
  readonly #groups = new Map<string, Group>();
  /** Keys that a native contributes to. */
  readonly #keysOf = new Map<string, readonly string[]>();
  /** Groups to be built anew, and those that only lost what a list no longer named. */
  readonly #dirty = new Set<string>();
  readonly #shrunk = new Set<string>();
  readonly #refusals = new Refusals();
  /** Keys of which nothing is left, and when their objects go; the first to go at the beginning. */
  readonly #lingering = new Map<string, number>();

  constructor(made: MadeObjects, projection: GroupProjection<ObjectName>) {
    this.object = made.object;
    this.kinds = Object.keys(projection.contribute);
    this.ids = made.ids;
    this.#made = made;
    this.#projection = projection;
  }

  apply(fact: NativeFact): void {
    const native = `${fact.kind}\n${fact.identity}`;
    const byKey = fact.type === 'upsert' ? this.#contributionsOf(fact) : new Map<string, unknown[]>();
    if (!byKey) return;
    this.#refusals.clear(fact.identity);
    for (const key of this.#keysOf.get(native) ?? []) {
      if (byKey.has(key)) continue;
      this.#groups.get(key)?.delete(native);
      (fact.type === 'forget' ? this.#shrunk : this.#dirty).add(key);
    }
    for (const [key, contributions] of byKey) {
      let group = this.#groups.get(key);
      if (!group) this.#groups.set(key, (group = new Group()));
      if (group.set(native, contributions)) this.#dirty.add(key);
    }
    if (byKey.size > 0) this.#keysOf.set(native, [...byKey.keys()]);
    else this.#keysOf.delete(native);
  }

  get doubtful(): boolean {
    return this.#refusals.reason !== undefined;
  }

  get refusal(): string | undefined {
    return this.#refusals.reason ?? this.#made.refusals.reason;
  }

  get nextEnd(): number | undefined {
    return this.#lingering.values().next().value;
  }

  drain(listed: boolean, now: number): readonly ObjectEvent[] {
    for (const [key, end] of this.#lingering) {
      if (end > now) break;
      this.#lingering.delete(key);
      this.#made.drop(key, {});
    }
    for (const key of new Set([...this.#dirty, ...this.#shrunk])) this.#rebuild(key, listed, now);
    this.#dirty.clear();
    this.#shrunk.clear();
    return this.#made.drain();
  }

  /** Undefined when the projection refuses the native: what it said before stays. */
  #contributionsOf({ kind, native, identity }: NativeFact & { type: 'upsert' }): Map<string, unknown[]> | undefined {
    try {
      const byKey = new Map<string, unknown[]>();
      for (const [key, contribution] of (this.#projection.contribute[kind] as Contribute)(native, identity)) {
        const others = byKey.get(key);
        if (others) others.push(contribution);
        else byKey.set(key, [contribution]);
      }
      return byKey;
    } catch (fault) {
      this.#refusals.add(identity, fault);
      this.#made.refuse(identity, fault);
      return undefined;
    }
  }

  #rebuild(key: string, listed: boolean, now: number): void {
    const group = this.#groups.get(key);
    const mark = listed ? { listed: true as const } : {};
    if (group && group.size > 0) {
      this.#lingering.delete(key);
      this.#made.make(key, () => this.#projection.build(key, group.contributions()), mark);
      return;
    }
    this.#groups.delete(key);
    const { lingers } = this.#projection;
    if (lingers && this.#made.has(key)) {
      if (!this.#lingering.has(key)) this.#lingering.set(key, now + lingers);
    } else if (!this.#dirty.has(key)) this.#made.forget(key);
    else if (this.#made.has(key)) this.#made.drop(key, mark);
  }
}
