import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { mergePatchBetween, patched } from '#schema/merge-patch.js';
import type { Position } from '#schema/position.js';
import type { Entry } from '#platform/store/store.js';
import type { ToldEvent } from '../log/told-event.js';
import { until } from '../testing/deliveries.js';
import { audience, memory, type Audience, type Listener } from '../testing/listeners.js';
import type { Stream } from './stream.js';

/** One change as this test made it. */
interface Happened {
  readonly id: string;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** What a listener is told of one, in words. */
interface Said {
  readonly id: string;
  readonly kind: string;
  readonly now: Value | null;
  /** What each attribute that changed was. */
  readonly was: Value;
  readonly conflated: boolean;
}

const place = { object: 'Resource', tenant: null, instance: 'east' };

function entryOf({ id, before, after }: Happened): Entry {
  const change = !before ? 'created' : after ? 'modified' : 'deleted';
  const stored = after && { ...place, id, identity: id, value: after, projection: 'p' };
  const reversePatch = before && (after ? mergePatchBetween(after, before) : before);
  return {
    ...place,
    id,
    change,
    baseline: false,
    marks: [],
    ...(stored && { after: stored }),
    ...(reversePatch && { reversePatch }),
  };
}

function saidOf({ change, conflated }: ToldEvent): Said {
  const { id, after, reversePatch } = change;
  const old = change.change === 'modified' ? patched(after!.value, reversePatch!) : {};
  const names = change.change === 'modified' ? Object.keys(reversePatch!) : [];
  const was = Object.fromEntries(names.map((name) => [name, old[name] ?? null]));
  return { id, kind: change.change, now: after?.value ?? null, was, conflated: conflated === true };
}

/** Streams of one kind of words: nobody may be told what was folded for another. */
const streams = {
  all: () => true,
  up: ({ before, after }: Pick<Happened, 'before' | 'after'>) =>
    before?.['state'] === 'up' || after?.['state'] === 'up',
  few: ({ id }: Pick<Happened, 'id'>) => id === 'x7',
} satisfies Record<string, (happened: Happened) => boolean>;
type Name = keyof typeof streams;

function streamOf(name: Name): Stream<string> {
  return {
    key: name,
    words: 'alike',
    wants: ({ change: { id }, before, after }) => streams[name]({ id, before, after }),
    tell: (event) => Promise.resolve(JSON.stringify(saidOf(event))),
  };
}

/** A log of objects that come, change, and go, and come again. */
class Life {
  readonly happened: Happened[] = [];
  readonly positions: Position[] = [];
  readonly #now = new Map<string, Value>();
  readonly #house: Audience;
  #seed: number;

  constructor(house: Audience, seed: number) {
    this.#house = house;
    this.#seed = seed;
  }

  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }

  async goOn(count: number, objects: number): Promise<void> {
    const some = Array.from({ length: count }, () => this.#next(`x${this.#random(objects)}`));
    this.happened.push(...some);
    for (let at = 0; at < count; at += 200)
      this.positions.push(...(await this.#house.append(some.slice(at, at + 200).map(entryOf))));
  }

  #next(id: string): Happened {
    const before = this.#now.get(id);
    const after = before && this.#random(4) === 0 ? undefined : this.#valueAfter(before);
    if (after) this.#now.set(id, after);
    else this.#now.delete(id);
    return { id, before, after };
  }

  /** Of one attribute, which may go as well; created again it may be what it was. */
  #valueAfter(before: Value | undefined): Value {
    const { state, size, deep }: Value = before ?? {};
    const values = {
      state: this.#random(2) === 0 ? 'up' : 'down',
      size: this.#random(3),
      deep: this.#random(3) === 0 ? undefined : { [`k${this.#random(2)}`]: this.#random(3) },
    };
    const name = Object.keys(values)[this.#random(3)] as keyof typeof values;
    const after = { resourceId: 'x', state, size, deep, [name]: values[name] };
    const made = JSON.parse(JSON.stringify(after)) as Value;
    const same = before && namesOf({ before, after: made }).length === 0;
    return same ? { ...made, state: state === 'up' ? 'down' : 'up' } : made;
  }
}

interface Owed extends Said {
  readonly seq: number;
}

const kindOf = ({ before, after }: Happened) => (!before ? 'created' : after ? 'modified' : 'deleted');
const namesOf = ({ before = {}, after = {} }: Pick<Happened, 'before' | 'after'>) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );

/** What the wanted changes of one object come to for who wanted it as it was before them; undefined when that is nothing. */
function sum(changes: readonly Happened[], name: Name): Omit<Said, 'id'> | undefined {
  const [first, last] = [changes[0]!, changes.at(-1)!];
  const names = new Set(namesOf({ before: first.before, after: last.after }));
  for (const each of changes) if (kindOf(each) === 'modified') for (const one of namesOf(each)) names.add(one);
  const isWanted = (after: Value | undefined) =>
    after !== undefined && streams[name]({ id: first.id, before: undefined, after });
  if (changes.length > 1 && !isWanted(first.before) && !isWanted(last.after)) return undefined;
  const said = { now: last.after ?? null, was: {}, conflated: changes.length > 1 };
  if (!first.before) return last.after && { ...said, kind: 'created' };
  if (!last.after) return { ...said, kind: 'deleted' };
  const was = Object.fromEntries([...names].sort().map((one) => [one, first.before![one] ?? null]));
  return { ...said, kind: 'modified', was };
}

/** All that is owed of a stretch: each change, or the sum of those of each object where more than 1,000 are wanted. */
function owedOf(life: Life, name: Name, from: number, to: number, most = 1000): readonly Owed[] {
  const wanted = life.happened
    .map((each, index) => ({ ...each, seq: life.positions[index]!.seq }))
    .filter((each) => each.seq > from && each.seq <= to && streams[name](each));
  const stories = new Map<string | number, (Happened & { readonly seq: number })[]>();
  for (const each of wanted) {
    const key = wanted.length > most ? each.id : each.seq;
    stories.set(key, [...(stories.get(key) ?? []), each]);
  }
  return [...stories.values()]
    .flatMap((story) => {
      const said = sum(story, name);
      return said ? [{ id: story[0]!.id, seq: story.at(-1)!.seq, ...said }] : [];
    })
    .sort((a, b) => a.seq - b.seq);
}

/** In windows as long as the end of the log is further than 1,000 changes away, then one by one. */
function owedBehind(life: Life, name: Name, from: number, upTo: number): readonly Owed[] {
  if (upTo - from <= 1000) return owedOf(life, name, from, upTo, Infinity);
  const to = Math.min(upTo, 10_240 * (Math.floor(from / 10_240) + 1));
  return [...owedOf(life, name, from, to), ...owedBehind(life, name, to, upTo)];
}

const heardBy = ({ heard }: Listener): readonly Owed[] =>
  heard.map(({ what, position }) => {
    const said = JSON.parse(what) as Said;
    const was = Object.fromEntries(Object.entries(said.was).sort(([a], [b]) => (a < b ? -1 : 1)));
    return { ...said, was, seq: position.seq };
  });

interface Joined {
  readonly listener: Listener;
  readonly name: Name;
  readonly from: number;
}

const join = fc.record({
  name: fc.constantFrom<Name>('all', 'up', 'few'),
  back: fc.oneof(fc.nat(3000), fc.integer({ min: 1000, max: 3000 })),
  room: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 30 })),
});

test('whoever comes back from wherever is told what its changes come to, whatever happens while it rests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(join, { minLength: 4, maxLength: 10 }), fc.nat(), async (joins, seed) => {
      const house = await audience(await memory());
      const life = new Life(house, seed);
      await life.goOn(3000, 60);
      const [head] = life.positions.slice(-1);
      const { seat } = house.listen({ key: 'how far it has come' });
      await until(() => seat.position()?.seq === head!.seq);
      const joined = joins.map(({ name, back, room }): Joined => {
        const since = life.positions[Math.max(0, 2999 - back)]!;
        return { listener: house.listen(streamOf(name), since, room), name, from: since.seq };
      });
      const owed = joined.map(({ name, from }) => owedBehind(life, name, from, head!.seq));
      const stands = (seq: number) =>
        joined.every(({ listener }) => listener.room === 0 || listener.seat.position()?.seq === seq);
      await until(() => stands(head!.seq));
      // What it has begun to be told goes on as it was, though the same objects change meanwhile.
      await life.goOn(joins.length % 2 === 0 ? 400 : 1400, 60);
      const end = life.positions.at(-1)!.seq;
      const all = joined.map(({ name, listener }, at): readonly (readonly Owed[])[] => {
        // Who was current is told each change.
        if (listener.room > 0) return [[...owed[at]!, ...owedOf(life, name, head!.seq, end, Infinity)]];
        const whole = [...owed[at]!, ...owedBehind(life, name, head!.seq, end)];
        if (owed[at]!.some(({ conflated }) => conflated)) return [whole];
        // Who is told each as it rests may be given what was read for others, or all there is by then.
        const heard = heardBy(listener);
        return [whole, [...heard, ...owedBehind(life, name, heard.at(-1)!.seq, end)]];
      });
      for (const { listener } of joined) listener.rest(Infinity);
      await until(() => stands(end));
      for (const [at, { listener }] of joined.entries()) {
        const [whole, other] = all[at]!;
        if (!other || heardBy(listener).length === whole!.length) expect(heardBy(listener)).toEqual(whole);
        else expect(heardBy(listener)).toEqual(other);
      }
      await house.close();
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 60_000);

test('a log of several windows is told one after the other, and who wants little of each is told all of that', async () => {
  const house = await audience(await memory());
  const life = new Life(house, 5);
  await life.goOn(13_000, 40);
  const names: readonly Name[] = ['all', 'up', 'few'];
  const [since, end] = [life.positions[99]!, life.positions.at(-1)!.seq];
  const listeners = names.map((name) => house.listen(streamOf(name), since));
  const owed = names.map((name) => owedBehind(life, name, since.seq, end));
  await until(() => listeners.every(({ heard }, at) => heard.length >= owed[at]!.length));
  expect(listeners.map(heardBy)).toEqual(owed);
  expect(owed.map((all) => all.some(({ conflated }) => conflated))).toEqual([true, true, false]);
  // It knew the log by heart, and none is missing of those that are told each.
  expect(owed[2]!.length).toBe(life.happened.slice(100).filter(({ id }) => id === 'x7').length);
  await house.close();
}, 30_000);
