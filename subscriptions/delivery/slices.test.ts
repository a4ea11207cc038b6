import { expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { busiestTurn, work } from '#platform/testing/busiest-turn.js';
import { matching, until, world } from '../testing/deliveries.js';
import { receiver } from '../testing/receiver.js';
import { Turns } from '#platform/turns.js';
import type { Entry } from '../log/recent.js';
import { Recent } from '../log/recent.js';
import { Backlog } from './backlog.js';
import { fill } from './catch-up.js';
import type { Matching } from './matching.js';

/** Filters that take so many milliseconds for each change. */
function slow(milliseconds: number, did: () => void): Matching {
  return {
    ...matching,
    compile(subscriber) {
      const compiled = matching.compile(subscriber);
      return {
        matches(event) {
          did();
          work(milliseconds);
          return compiled.matches(event);
        },
      };
    },
  };
}

test('others have the loop while many subscriptions catch up', async () => {
  const house = await world();
  const to = await receiver();
  const ids: string[] = [];
  for (let n = 0; n < 200; n += 1) ids.push(await house.subscribe(to.url, { filter: 'wanted' }));
  const noise = Array<string>(150).fill('noise');
  await house.change(...noise, 'wanted', ...noise);
  const loop = busiestTurn();
  const deliverer = await house.deliverer({ matching: slow(0.02, () => loop.did()) });
  await until(() => house.counts.delivered === ids.length, 30_000);
  await until(() => deliverer.state().behind === 0);
  // A piece of 16 may begin at the end of a slice of 100.
  expect(loop.most()).toBeLessThan(300);
  expect(new Set(to.all.map(({ id }) => id)).size).toBe(ids.length);
  await house.close();
  await to.close();
}, 40_000);

test('who catches up waits for no other tenant, however many of its subscriptions do', async () => {
  const house = await world();
  const to = await receiver();
  for (let n = 0; n < 100; n += 1) await house.subscribe(to.url, { filter: 'wanted' });
  const id = await house.subscribe(to.url, { filter: 'wanted' }, 'b');
  await house.change(...Array<string>(300).fill('noise'), 'last');
  let [ofOthers, before] = [0, Infinity];
  const counting: Matching = {
    ...matching,
    mayRead: () => true,
    compile: (subscriber) => ({
      matches({ change }) {
        work(0.05);
        if (subscriber.id !== id) ofOthers += 1;
        else if (change.id === 'last') before = ofOthers;
        return false;
      },
    }),
  };
  const deliverer = await house.deliverer({ matching: counting });
  await until(() => deliverer.state().subscriptions === 101 && deliverer.state().behind === 0, 30_000);
  expect([ofOthers >= 30_000, before < 15_000]).toEqual([true, true]);
  await house.close();
  await to.close();
}, 40_000);

/** A log, and one subscription at its beginning that reads it behind what others do. */
function reading(entries: number) {
  const place = (seq: number): Position => ({ seq, tag: seq === 0 ? '0' : 't' });
  let recent = new Recent(place(0), { entries: 1000, bytes: 1e9 });
  const [turns, log]: [Turns, Position[]] = [new Turns(), []];
  const append = (tag = 't') => {
    const position = { seq: log.length + 1, tag };
    log.push(position);
    recent.push({ change: { position } } as Entry, 1);
  };
  /** What is behind `seq` is lost, and something else stands there. */
  const rewrite = (seq: number) => {
    const lost = log.splice(seq).length;
    recent = new Recent(log.at(-1)!, { entries: 1000, bytes: 1e9 });
    for (let n = 0; n < lost; n += 1) append('other');
  };
  for (let n = 0; n < entries; n += 1) append();
  const backlog = new Backlog(place(0), undefined, (seq) => recent.at(seq));
  const tail = {
    get recent() {
      return recent;
    },
    get position() {
      return log.at(-1)!;
    },
    caughtUp: () => Promise.resolve(),
    stop: () => undefined,
  };
  const after = (position: Position) =>
    Promise.resolve({ outcome: 'read' as const, entries: recent.after(position, 256)! });
  const seeker = {
    left: () => false,
    stands: () => undefined,
    wants: (_entry: Entry) => false,
    found: () => undefined,
    lost: () => Promise.reject(new Error('lost')),
    failed: (error: unknown) => {
      throw error;
    },
  };
  return { place, turns, log, append, rewrite, backlog, tail, after, seeker };
}

test('who waits behind others comes to the end of a log that goes on with each of them', async () => {
  const { turns, append, backlog, tail, after, seeker } = reading(1);
  let reads = 0;
  const reader = {
    after(position: Position) {
      void turns.take(() => append());
      return (reads += 1) > 9 ? Promise.reject(new Error('It never comes to the end.')) : after(position);
    },
    forget: () => undefined,
  };
  await fill(backlog, { reader, tail, turns }, seeker);
  expect(backlog.live).toBe(true);
});

test.each(['is sent back', 'finds the log rewritten'])('who %s between two pieces goes on from there', async (what) => {
  const { place, turns, log, rewrite, backlog, tail, after, seeker } = reading(40);
  const looked: Position[] = [];
  const change = () => {
    if (what === 'is sent back') return backlog.goBack(place(5), tail.position, () => false);
    rewrite(16);
    backlog.rescan();
  };
  const wants = ({ change: { position } }: Entry) => {
    // Each piece in a turn of its own.
    work(0.2);
    if (looked.push(position) === 16) void turns.take(change);
    return false;
  };
  const before = log.slice(0, 16);
  await fill(backlog, { reader: { after, forget: () => undefined }, tail, turns }, { ...seeker, wants });
  expect(looked).toEqual([...before, ...log.slice(what === 'is sent back' ? 5 : 16)]);
  expect(backlog.live).toBe(true);
});
