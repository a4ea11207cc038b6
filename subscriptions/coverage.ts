import type { ObjectName } from '#schema/objects.js';

/** Why an instance's part of an answer may be missing or old. */
export interface Gap {
  readonly instance: string;
  readonly reason: string;
  /** Milliseconds since the epoch: when the part was last known to be true; undefined if it never was. */
  readonly fresh?: number;
}

type State = { readonly state: 'never' } | { readonly state: 'synced'; readonly fresh: number } | { readonly state: 'stale'; readonly fresh?: number; readonly reason: string };

/** What is known of how complete the inventory is: by instance and object. */
export interface Coverage {
  /** An instance exists and may hold these objects; `before`: those it has synced once in the life of the store. */
  expect(instance: string, may: readonly ObjectName[], before: ReadonlySet<string>): void;
  synced(instance: string, object: ObjectName, at: number): void;
  /** A watch goes on where it was: what was synced once is current again. */
  current(instance: string, object: ObjectName, at: number): void;
  stale(instance: string, object: ObjectName, reason: string): void;
  /** The whole instance is away. */
  away(instance: string, reason: string): void;
  /** Instances that may hold `object` and are not known to be current; the same array until something changes. */
  gaps(object: ObjectName): readonly Gap[];
  /** Whether every instance that may hold `object` has synced it once in the life of the store. */
  knows(object: ObjectName): boolean;
  /** Objects that the instance has synced once. */
  onceOf(instance: string): readonly ObjectName[];
  /** Raised with every change: answers that name gaps are cached by it. */
  version(): number;
  progress(): readonly { readonly instance: string; readonly synced: number; readonly of: number; readonly reason?: string }[];
}

export function coverage(): Coverage {
  const instances = new Map<string, Map<ObjectName, State & { once: boolean }>>();
  const cache = new Map<ObjectName, readonly Gap[]>();
  let version = 0;
  const changed = () => {
    version += 1;
    cache.clear();
  };
  const set = (instance: string, object: ObjectName, state: State, once: boolean) => {
    instances.get(instance)?.set(object, { ...state, once });
    changed();
  };
  const stale = (instance: string, object: ObjectName, reason: string) => {
    const before = instances.get(instance)?.get(object);
    if (!before || (before.state === 'stale' && before.reason === reason)) return;
    const fresh = before.state === 'never' ? undefined : before.fresh;
    set(instance, object, { state: 'stale', reason, ...(fresh === undefined ? {} : { fresh }) }, before.once);
  };
  return {
    expect(instance, may, before) {
      instances.set(instance, new Map(may.map((object) => [object, { state: 'never', once: before.has(object) }])));
      changed();
    },
    synced(instance, object, at) {
      if (instances.get(instance)?.get(object)?.state === 'synced') {
        instances.get(instance)!.set(object, { state: 'synced', fresh: at, once: true });
      } else set(instance, object, { state: 'synced', fresh: at }, true);
    },
    current(instance, object, at) {
      const before = instances.get(instance)?.get(object);
      if (before?.state === 'stale' && before.once) set(instance, object, { state: 'synced', fresh: at }, true);
    },
    stale,
    away(instance, reason) {
      for (const object of instances.get(instance)?.keys() ?? []) stale(instance, object, reason);
    },
    gaps(object) {
      const cached = cache.get(object);
      if (cached) return cached;
      const gaps = [...instances].flatMap(([instance, states]): Gap[] => {
        const state = states.get(object);
        if (!state || state.state === 'synced') return [];
        if (state.state === 'never') return [{ instance, reason: 'not synchronised yet' }];
        return [{ instance, reason: state.reason, ...(state.fresh === undefined ? {} : { fresh: state.fresh }) }];
      });
      cache.set(object, gaps);
      return gaps;
    },
    knows: (object) => [...instances.values()].every((states) => states.get(object)?.once ?? true),
    onceOf: (instance) => [...(instances.get(instance) ?? [])].flatMap(([object, state]) => (state.once ? [object] : [])),
    version: () => version,
    progress: () =>
      [...instances].map(([instance, states]) => {
        const reasons = [...states.values()].flatMap((state) => (state.state === 'stale' ? [state.reason] : []));
        const synced = [...states.values()].filter((state) => state.state === 'synced').length;
        return { instance, synced, of: states.size, ...(reasons[0] === undefined ? {} : { reason: reasons[0] }) };
      }),
  };
}
