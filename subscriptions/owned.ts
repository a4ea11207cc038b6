import type { StoredObject, Value } from '#schema/change.js';
import { Fault } from '#schema/errors.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { ObjectName } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Append, Entry, Lease, Store } from '#platform/store/store.js';
import { marksOf } from './marks.js';

/** Instance name of what we own: no backend has it. */
const ownInstance = '$own';

/** An object of ours as it stands: what a change of it is compared with. */
export type Standing = Pick<StoredObject, 'object' | 'id' | 'tenant' | 'value' | 'position'>;

/** An object of ours that is to be. */
export interface Fresh {
  readonly object: ObjectName;
  readonly id: string;
  readonly tenant: string | null;
  readonly value: Value;
  /** Ids that no other object may claim at the same time: how uniqueness is kept over all processes. */
  readonly claims?: readonly string[];
}

/** The way in for what we own: compare-and-set on the object, answered when every connected replica has it. */
export interface Owned {
  /** Undefined when a claim is taken. */
  create(fresh: Fresh): Promise<Position | undefined>;
  /** Undefined when the object has changed meanwhile. `claims`: what the value before claimed, and what it does now. */
  change(standing: Standing, value: Value, how?: Changing): Promise<Position | undefined>;
  remove(standing: Standing, claims?: readonly string[]): Promise<Position | undefined>;
}

export interface Changing {
  readonly claims?: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Refused unless this lease is still held. */
  readonly fence?: Lease;
}

/** Claims stand in the log beside what claims them, as objects of a kind that no view holds. */
const claimKind = 'Claim';
const projection = 'owned';

export function owned(store: Store): Owned {
  return {
    create({ claims = [], ...fresh }) {
      const expect = new Map([fresh.id, ...claims].map((id) => [id, undefined]));
      const marks = marksOf(fresh.object, fresh.tenant, [fresh.value]);
      const entry: Entry = { ...placed(fresh, 'created'), after: stateOf(fresh, fresh.value), marks };
      return append(store, { entries: [...claims.map((claim) => claimed(claim, fresh.id)), entry], expect });
    },
    change(standing, value, { claims = { before: [], after: [] }, fence } = {}) {
      const given = claims.after.filter((id) => !claims.before.includes(id));
      const left = claims.before.filter((id) => !claims.after.includes(id));
      const expect = new Map([[standing.id, standing.position], ...given.map((id) => [id, undefined] as const)]);
      const entry: Entry = {
        ...placed(standing, 'modified'),
        after: stateOf(standing, value),
        reversePatch: mergePatchBetween(value, standing.value),
        marks: marksOf(standing.object, standing.tenant, [standing.value, value]),
      };
      const entries = [...left.map(released), ...given.map((claim) => claimed(claim, standing.id)), entry];
      return append(store, { entries, expect, ...(fence && { fence }) });
    },
    remove(standing, claims = []) {
      const entry: Entry = {
        ...placed(standing, 'deleted'),
        reversePatch: standing.value,
        marks: marksOf(standing.object, standing.tenant, [standing.value]),
      };
      return append(store, {
        entries: [...claims.map(released), entry],
        expect: new Map([[standing.id, standing.position]]),
      });
    },
  };
}

/** Answers where the last entry stands, which is that of the object; undefined on a conflict. */
async function append(store: Store, all: Append): Promise<Position | undefined> {
  const appended = await store.append({ ...all, owned: true });
  if (appended.outcome === 'fenced')
    throw new Fault('UNAVAILABLE', 'Another process looks after this object now.', { retryAfter: 1 });
  return appended.outcome === 'appended' ? appended.positions.at(-1) : undefined;
}

function placed({ object, id, tenant }: Pick<Standing, 'object' | 'id' | 'tenant'>, change: Entry['change']) {
  return { change, object, id, tenant, instance: ownInstance, baseline: false } as const;
}

function stateOf({ object, id, tenant }: Pick<Standing, 'object' | 'id' | 'tenant'>, value: Value) {
  return { object, id, tenant, instance: ownInstance, identity: id, value, projection };
}

function claimed(id: string, by: string): Entry {
  const claim = { object: claimKind, id, tenant: null };
  return { ...placed(claim, 'created'), after: stateOf(claim, { by }), marks: [] };
}

/** Whether something claims it, and its id where that was noted: former releases did not. */
export async function claimant(store: Store, claim: string): Promise<{ readonly id?: string } | undefined> {
  const [found] = await store.objects([{ object: claimKind, id: claim }]);
  if (!found) return undefined;
  const { by } = found.value;
  return typeof by === 'string' ? { id: by } : {};
}

function released(id: string): Entry {
  return { ...placed({ object: claimKind, id, tenant: null }, 'deleted'), reversePatch: {}, marks: [] };
}
