import type { EventName, History, ObjectType } from './ledger.js';
import { reuses } from './reused-ids.js';
import { divergences, skips } from './strict-order.js';
import { factOf, type Receipt } from './receipt.js';

/** What a subscription is to be told, and how. */
export interface Interest {
  readonly name: string;
  readonly ordering: 'strict' | 'resource';
  readonly types: readonly ObjectType[];
  readonly events: readonly EventName[];
}

export interface Evidence {
  readonly interests: readonly Interest[];
  /** By object. */
  readonly histories: ReadonlyMap<string, History>;
  /** In the order of their arrival. */
  readonly receipts: readonly Receipt[];
}

export interface Violation {
  readonly rule: 'lost' | 'inverted' | 'foreign id' | 'reused id' | 'skipped' | 'diverged' | 'invented';
  readonly subscription: string;
  readonly object: string;
  readonly detail: string;
}

export interface Verdict {
  /** Those that cannot be waited away come first; `lost` may still be on its way until nothing is. */
  readonly violations: readonly Violation[];
  readonly owed: number;
  /** Of these: taken by its receiver. */
  readonly received: number;
  /** Arrivals of what the receiver had taken before. */
  readonly duplicates: number;
  /** States that a later one overtook before they were told. */
  readonly merged: number;
  /** Milliseconds from each owed event to its first taking, ascending. */
  readonly waits: readonly number[];
}

/**
 * Judges what receivers recorded by what happened at the O-Cloud. Owed to a subscription that asks for it are every creation,
 * every deletion, and the state in which a living object is at last. A state between may be merged into a later one: who takes
 * over from a dead watcher may find only what became of an object. What is told must have happened, new things of an object in
 * the order in which they did, and the same event always under the same id, which no other bears; repeats are counted.
 */
export function check(evidence: Evidence): Verdict {
  const each = evidence.interests.map((interest) => {
    const receipts = evidence.receipts.filter(({ subscription }) => subscription === interest.name);
    return judged(interest, evidence.histories, receipts);
  });
  const all = each.flatMap(({ violations }) => violations);
  all.push(...divergences(evidence.interests, evidence.receipts));
  const sum = (of: (one: Judged) => number) => each.reduce((total, one) => total + of(one), 0);
  return {
    violations: [...all.filter(({ rule }) => rule !== 'lost'), ...all.filter(({ rule }) => rule === 'lost')],
    owed: sum(({ owed }) => owed),
    received: sum(({ waits }) => waits.length),
    duplicates: sum(({ duplicates }) => duplicates),
    merged: sum(({ merged }) => merged),
    waits: each.flatMap(({ waits }) => waits).sort((a, b) => a - b),
  };
}

/** What is owed at the least: of creations, deletions and last states. */
export function owedCount(interests: readonly Interest[], histories: ReadonlyMap<string, History>): number {
  let count = 0;
  for (const interest of interests) for (const history of histories.values()) count += owedOf(interest, history).length;
  return count;
}

type Judged = Omit<Verdict, 'received'>;

function judged(interest: Interest, histories: ReadonlyMap<string, History>, receipts: readonly Receipt[]): Judged {
  const { name: subscription } = interest;
  const violations = [...(interest.ordering === 'strict' ? skips(subscription, receipts) : [])];
  violations.push(...reuses(subscription, receipts));
  const own = Map.groupBy(receipts, ({ object }) => object ?? '');
  let [owed, duplicates, merged] = [0, 0, 0];
  const waits: number[] = [];
  for (const [object, arrived] of own) {
    const wrongs = wrongsOf(interest, histories.get(object), arrived);
    violations.push(...wrongs.map((wrong) => ({ ...wrong, subscription, object })));
    duplicates += repeatsOf(arrived);
  }
  for (const history of histories.values()) {
    const taken = (own.get(history.object) ?? []).filter((receipt) => receipt.taken);
    for (const due of owedOf(interest, history)) {
      owed += 1;
      const first = taken.find((receipt) => due.isToldBy(receipt));
      if (first) waits.push(Math.max(0, first.at - due.at));
      else violations.push({ rule: 'lost', subscription, object: history.object, detail: due.what });
    }
    merged += mergedOf(interest, history, taken);
  }
  return { violations, owed, duplicates, merged, waits };
}

interface Due {
  readonly what: string;
  readonly at: number;
  isToldBy(receipt: Receipt): boolean;
}

function owedOf({ types, events }: Interest, { type, steps }: History): readonly Due[] {
  if (!types.includes(type)) return [];
  const [created, last] = [steps[0]!, steps.at(-1)!];
  const dues: Due[] = [];
  if (events.includes('created'))
    dues.push({ what: 'its creation', at: created.at, isToldBy: ({ event }) => event === 'created' });
  if (last.event === 'deleted' && events.includes('deleted'))
    dues.push({ what: 'its deletion', at: last.at, isToldBy: ({ event }) => event === 'deleted' });
  // Who is not told of modifications has no claim to a state that one made.
  if (last.event === 'modified' && events.includes('modified'))
    dues.push({
      what: `its last state, revision ${last.revision}`,
      at: last.at,
      isToldBy: ({ revision, event }) =>
        revision === last.revision && (event === 'modified' || events.includes('created')),
    });
  return dues;
}

type Wrong = Pick<Violation, 'rule' | 'detail'>;

function wrongsOf(interest: Interest, history: History | undefined, arrived: readonly Receipt[]): readonly Wrong[] {
  const wrongs: Wrong[] = [];
  const told = new Map<string, { readonly id: string; readonly fact: string }>();
  let highest = -1;
  for (const receipt of arrived) {
    const fact = factOf(receipt);
    const what = onceOf(receipt);
    const rank = rankOf(interest, history, receipt);
    if (rank === undefined) {
      wrongs.push({ rule: 'invented', detail: `'${fact}' never happened, or was not asked for` });
      continue;
    }
    const before = told.get(what);
    if (before?.id === receipt.id) continue;
    if (before) {
      const detail = `'${before.fact}' came as ${before.id}, '${fact}' as ${receipt.id}`;
      wrongs.push({ rule: 'foreign id', detail });
    } else if (rank <= highest) wrongs.push({ rule: 'inverted', detail: `'${fact}' came after what happened later` });
    if (!before) told.set(what, { id: receipt.id, fact });
    highest = Math.max(highest, rank);
  }
  return wrongs;
}

/** What is told once of an object: it is made once and deleted once, in whichever state it is when that is told. */
function onceOf({ event, revision }: Receipt): string {
  return event === 'modified' ? `modified ${revision}` : event;
}

/** The place of what is told in the history; undefined for what is not in it. */
function rankOf({ types, events }: Interest, history: History | undefined, receipt: Receipt): number | undefined {
  const { event, revision } = receipt;
  if (!history || !types.includes(history.type) || !events.includes(event)) return undefined;
  const { steps } = history;
  const state = steps.findIndex((step) => step.revision === revision && step.event !== 'deleted');
  if (state < 0 || (event === 'modified' && state === 0)) return undefined;
  if (event !== 'deleted') return state;
  return steps.at(-1)!.event === 'deleted' ? steps.length : undefined;
}

function repeatsOf(arrived: readonly Receipt[]): number {
  const taken = new Set<string>();
  let repeats = 0;
  for (const receipt of arrived) {
    if (taken.has(factOf(receipt))) repeats += 1;
    if (receipt.taken) taken.add(factOf(receipt));
  }
  return repeats;
}

function mergedOf({ types, events }: Interest, { type, steps }: History, taken: readonly Receipt[]): number {
  if (!types.includes(type) || !events.includes('modified')) return 0;
  const told = new Set(taken.filter(({ event }) => event !== 'deleted').map(({ revision }) => revision));
  return steps.slice(0, -1).filter(({ event, revision }) => event !== 'deleted' && !told.has(revision)).length;
}
