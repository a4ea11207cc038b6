import type { Value } from '#schema/change.js';
import type { CompiledSubscription, IndexKey } from './compile.js';
import type { ToldEvent } from '../log/told-event.js';
import { reportedKind, stateOf, type Reported } from './event.js';
import { getOrMake, Postings } from './postings.js';

/** Subscriptions under what an event must have to match them, so that most need not be looked at. */
export interface SubscriptionIndex {
  /** In place of an earlier one of the same id. A `tenant` of undefined sees the events of all. */
  add(id: string, compiled: CompiledSubscription, tenant: string | undefined): void;
  remove(id: string): void;
  /**
   * Ids of the subscriptions that match, each once. Those that could not be asked are told to `unasked` and keep none of the others
   * back; without it all are asked, however long that takes, and what a filter throws is thrown.
   */
  match(event: ToldEvent, unasked?: Unasked): readonly string[];
  readonly size: number;
}

/** What its filter threw; nothing when there was no time to ask it. */
export type Unasked = (id: string, failure?: { readonly error: unknown }) => void;

/** Milliseconds that filters are asked about one event, in which nobody else is answered: 200 of the dearest took 6.7 s. */
const longest = 10;
/** Between two looks at the clock. */
const glance = 4;

interface Entry {
  readonly id: string;
  readonly compiled: CompiledSubscription;
  readonly tenant: string | undefined;
  /** The last event that looked at it: several keys may lead here. */
  seen: number;
}

type Entries = Map<Entry, IndexKey['test']>;

/** By tenant: an event of one need not look at the subscriptions of others. */
type Bucket = Map<string | undefined, Entries>;

/** The buckets of one object, or of one kind of change of it. */
interface Place {
  readonly unkeyed: Bucket;
  readonly keyed: Postings<Bucket>;
}

function nameOf(object: string, change: Reported | undefined): string {
  return change === undefined ? object : `${object} ${change}`;
}

function placeOf(places: Map<string, Place>, { object, change }: IndexKey): Place {
  const make = (): Place => ({ unkeyed: new Map(), keyed: new Postings<Bucket>(() => new Map()) });
  return getOrMake(places, nameOf(object, change), make);
}

function put(places: Map<string, Place>, key: IndexKey, entry: Entry): void {
  const { unkeyed, keyed } = placeOf(places, key);
  const bucket = key.attribute ? keyed.at(key.attribute.attribute, key.attribute.value) : unkeyed;
  getOrMake(bucket, entry.tenant, (): Entries => new Map()).set(entry, key.test);
}

function take(places: Map<string, Place>, key: IndexKey, entry: Entry): void {
  const { unkeyed, keyed } = placeOf(places, key);
  const from = (bucket: Bucket) => {
    const entries = bucket.get(entry.tenant);
    entries?.delete(entry);
    if (entries?.size === 0) bucket.delete(entry.tenant);
  };
  if (key.attribute) keyed.take(key.attribute.attribute, key.attribute.value, from);
  else from(unkeyed);
}

/** The buckets that an event can find its subscriptions in. */
function bucketsOf(places: ReadonlyMap<string, Place>, object: string, change: Reported, state: Value): Bucket[] {
  const found = [object, nameOf(object, change)].flatMap((name) => places.get(name) ?? []);
  return found.flatMap(({ unkeyed, keyed }) => [unkeyed, ...keyed.of(state)]);
}

/** The subscriptions that an event of `tenant` is for, as far as tenants go; `null` is shared by all. */
function entriesFor(bucket: Bucket, tenant: string | null): Iterable<Entries> {
  if (tenant === null) return bucket.values();
  return [bucket.get(undefined), bucket.get(tenant)].filter((entries) => entries !== undefined);
}

export function subscriptionIndex(): SubscriptionIndex {
  const subscriptions = new Map<string, Entry>();
  const places = new Map<string, Place>();
  let turn = 0;

  function remove(id: string): void {
    const entry = subscriptions.get(id);
    if (!entry) return;
    for (const key of entry.compiled.keys) take(places, key, entry);
    subscriptions.delete(id);
  }

  return {
    add(id, compiled, tenant) {
      remove(id);
      const entry = { id, compiled, tenant, seen: 0 };
      subscriptions.set(id, entry);
      for (const key of compiled.keys) put(places, key, entry);
    },
    remove,
    match(event, unasked) {
      const change = reportedKind(event.change);
      if (!change) return [];
      turn += 1;
      const found: string[] = [];
      const state = stateOf(event);
      const began = performance.now();
      let [asked, late] = [0, false];
      const ask = (test: IndexKey['test'], entry: Entry) => {
        if (entry.seen === turn) return;
        entry.seen = turn;
        if (test === true) return void found.push(entry.id);
        if ((asked += 1) % glance === 0) late ||= performance.now() - began > longest;
        if (late && unasked) return unasked(entry.id);
        try {
          if (test(state)) found.push(entry.id);
        } catch (error) {
          if (!unasked) throw error;
          unasked(entry.id, { error });
        }
      };
      for (const bucket of bucketsOf(places, event.change.object, change, state))
        for (const entries of entriesFor(bucket, event.change.tenant)) entries.forEach(ask);
      return found;
    },
    get size() {
      return subscriptions.size;
    },
  };
}
