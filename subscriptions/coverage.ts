import { isDeepStrictEqual } from 'node:util';
import type { ObjectName } from '#schema/objects.js';

/** Why an instance's part of an answer may be missing or old. */
export interface Gap {
  readonly instance: string;
  readonly reason: string;
  /** Milliseconds since the epoch: when the part was last known to be true; undefined if it never was. */
  readonly fresh?: number;
}

type State =
  | { readonly state: 'never' }
  | { readonly state: 'synced'; readonly fresh: number }
  | { readonly state: 'stale'; readonly fresh?: number; readonly reason: string; readonly away: boolean };

/** What one process tells the others of an instance: `reason` is there when it is not current, `fresh` unless it never was. */
export type CoverageOf = Readonly<Partial<Record<ObjectName, Told>>>;

interface Told {
  readonly once: boolean;
  readonly fresh?: number;
  readonly reason?: string;
  readonly away?: boolean;
}

/** What is known of how complete the inventory is: by instance and object. */
export interface Coverage {
  /** An instance exists and may hold these objects; `before`: those it has synced once in the life of the store. */
  expect(instance: string, may: readonly ObjectName[], before: ReadonlySet<string>): void;
  synced(instance: string, object: ObjectName, at: number): void;
  /** A watch goes on where it was: what was synced once is current again. */
  current(instance: string, object: ObjectName, at: number): void;
  stale(instance: string, object: ObjectName, reason: string): void;
  /** The whole instance is away. What is stale for a reason of its own keeps that. */
  away(instance: string, reason: string): void;
  /** The instance is back where it was: what was current before it was away is so again. */
  returned(instance: string, at: number): void;
  /** What to tell processes that do not watch the instance; what is current is so at `now`. */
  tell(instance: string, now: number): CoverageOf;
  /** Takes over what the process that watches the instance told; `at`: when it was last known to be there. */
  follow(instance: string, told: CoverageOf, at: number): void;
  /** Instances that may hold `object` and are not known to be current; the same array until something changes. */
  gaps(object: ObjectName): readonly Gap[];
  /** Whether every instance that may hold `object` has synced it once in the life of the store. */
  knows(object: ObjectName): boolean;
  /** Raised with every change: answers that name gaps are cached by it. */
  version(): number;
  progress(): readonly {
    readonly instance: string;
    readonly synced: number;
    readonly of: number;
    readonly reason?: string;
  }[];
}

export function coverage(): Coverage {
  return new Accounts();
}

type Known = State & { readonly once: boolean };

class Accounts implements Coverage {
  readonly #instances = new Map<string, Map<ObjectName, Known>>();
  readonly #gaps = new Map<ObjectName, readonly Gap[]>();
  #version = 0;

  expect(instance: string, may: readonly ObjectName[], before: ReadonlySet<string>): void {
    const states = may.map((object) => [object, { state: 'never', once: before.has(object) }] as const);
    this.#instances.set(instance, new Map(states));
    this.#changed();
  }

  synced(instance: string, object: ObjectName, at: number): void {
    const states = this.#instances.get(instance);
    // A list that finds all as it was changes no answer.
    if (states?.get(object)?.state === 'synced') states.set(object, { state: 'synced', fresh: at, once: true });
    else this.#set(instance, object, { state: 'synced', fresh: at }, true);
  }

  current(instance: string, object: ObjectName, at: number): void {
    const before = this.#instances.get(instance)?.get(object);
    if (before?.state === 'stale' && before.once) this.#set(instance, object, { state: 'synced', fresh: at }, true);
  }

  stale(instance: string, object: ObjectName, reason: string): void {
    this.#stale(instance, object, reason, false);
  }

  away(instance: string, reason: string): void {
    for (const [object, before] of this.#instances.get(instance) ?? []) {
      if (before.state !== 'stale' || before.away) this.#stale(instance, object, reason, true);
    }
  }

  returned(instance: string, at: number): void {
    for (const [object, before] of this.#instances.get(instance) ?? []) {
      if (before.state !== 'stale' || !before.away || before.fresh === undefined) continue;
      this.#set(instance, object, { state: 'synced', fresh: at }, before.once);
    }
  }

  tell(instance: string, now: number): CoverageOf {
    const told = [...(this.#instances.get(instance) ?? [])].map(([object, state]): [ObjectName, Told] => {
      const { once } = state;
      if (state.state === 'never') return [object, { once }];
      if (state.state === 'synced') return [object, { once, fresh: now }];
      const { fresh, reason, away } = state;
      return [object, { once, reason, away, ...(fresh === undefined ? {} : { fresh }) }];
    });
    return Object.fromEntries(told);
  }

  follow(instance: string, told: CoverageOf, at: number): void {
    const before = this.#instances.get(instance);
    const states = new Map<ObjectName, Known>();
    for (const [object, each] of Object.entries(told)) states.set(object as ObjectName, followed(each, at));
    const same =
      before?.size === states.size && [...states].every(([object, state]) => alike(state, before.get(object)));
    this.#instances.set(instance, states);
    if (!same) this.#changed();
  }

  gaps(object: ObjectName): readonly Gap[] {
    let gaps = this.#gaps.get(object);
    if (gaps) return gaps;
    gaps = [...this.#instances].flatMap(([instance, states]): Gap[] => {
      const state = states.get(object);
      if (!state || state.state === 'synced') return [];
      if (state.state === 'never') return [{ instance, reason: 'not synchronised yet' }];
      return [{ instance, reason: state.reason, ...(state.fresh === undefined ? {} : { fresh: state.fresh }) }];
    });
    this.#gaps.set(object, gaps);
    return gaps;
  }

  knows(object: ObjectName): boolean {
    return [...this.#instances.values()].every((states) => states.get(object)?.once ?? true);
  }

  version(): number {
    return this.#version;
  }

  progress(): ReturnType<Coverage['progress']> {
    return [...this.#instances].map(([instance, states]) => {
      const reasons = [...states.values()].flatMap((state) => (state.state === 'stale' ? [state.reason] : []));
      const synced = [...states.values()].filter((state) => state.state === 'synced').length;
      return { instance, synced, of: states.size, ...(reasons[0] === undefined ? {} : { reason: reasons[0] }) };
    });
  }

  #stale(instance: string, object: ObjectName, reason: string, away: boolean): void {
    const before = this.#instances.get(instance)?.get(object);
    if (!before || (before.state === 'stale' && before.reason === reason && before.away === away)) return;
    const fresh = before.state === 'never' ? undefined : before.fresh;
    this.#set(
      instance,
      object,
      { state: 'stale', reason, away, ...(fresh === undefined ? {} : { fresh }) },
      before.once,
    );
  }

  #set(instance: string, object: ObjectName, state: State, once: boolean): void {
    this.#instances.get(instance)?.set(object, { ...state, once });
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    this.#gaps.clear();
  }
}

function followed({ once, fresh, reason, away = false }: Told, at: number): Known {
  if (reason !== undefined) return { state: 'stale', once, reason, away, ...(fresh === undefined ? {} : { fresh }) };
  return fresh === undefined ? { state: 'never', once } : { state: 'synced', once, fresh: at };
}

/** Whether answers are the same: how fresh something current is, they do not say. */
function alike(one: Known, other: Known | undefined): boolean {
  if (one.state === 'synced') return other?.state === 'synced' && one.once === other.once;
  return isDeepStrictEqual(one, other);
}
