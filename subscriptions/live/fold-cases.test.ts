import { expect, test } from '@jest/globals';
import type { Value } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { Entry } from '#platform/store/store.js';
import { busiestTurn, work } from '#platform/testing/busiest-turn.js';
import { Turns } from '#platform/turns.js';
import { changeOf } from '../testing/events.js';
import { until } from '../testing/deliveries.js';
import { audience, memory, type Audience } from '../testing/listeners.js';
import { eventOf, type ToldEvent } from '../log/told-event.js';
import { Found } from './fold.js';
import type { Stream } from './stream.js';

const place = { object: 'Resource', tenant: null, instance: 'east' };

function entryOf(id: string, before: Value | undefined, after: Value | undefined): Entry {
  const stored = after && { ...place, id, identity: id, value: after, projection: 'p' };
  const reversePatch = before && (after ? mergePatchBetween(after, before) : before);
  const change = !before ? 'created' : after ? 'modified' : 'deleted';
  const known = { ...(stored && { after: stored }), ...(reversePatch && { reversePatch }) };
  return { ...place, id, change, baseline: false, marks: [], ...known };
}

/** What an object is, one after the other; undefined where there is none. */
function storyOf(id: string, ...states: readonly (Value | undefined)[]): readonly Entry[] {
  return states.slice(1).map((after, index) => entryOf(id, states[index], after));
}

async function append(house: Audience, entries: readonly Entry[]): Promise<void> {
  for (let at = 0; at < entries.length; at += 200) await house.append(entries.slice(at, at + 200));
}

const up = { state: 'up', size: 1 };
const down = { state: 'down', size: 1 };
const larger = { state: 'up', size: 2 };
const isUp = (value: Value | undefined) => value?.['state'] === 'up';
const ofUp: Partial<Stream<string>> = {
  key: 'up',
  wants: ({ before, after }) => isUp(before) || isUp(after),
  tell: ({ change: { id, change, reversePatch = {} } }) =>
    Promise.resolve(`${id} ${change} ${change === 'modified' ? Object.keys(reversePatch).sort().join() : ''}`),
};

const others = Array.from({ length: 1200 }, (_each, index) => entryOf(`other${index}`, undefined, up));

test.each<[string, string[], ...(Value | undefined)[]]>([
  ['was created and left', [], undefined, up, down],
  ['came and left', [], down, up, larger, down],
  ['came and was deleted', [], down, up, undefined],
  ['was created and deleted', [], undefined, up, larger, undefined],
  ['came, and is there', ['x modified size,state'], down, up, larger],
  ['left', ['x modified size,state'], up, larger, down],
  ['was deleted', ['x deleted '], up, larger, undefined],
  ['left, changed outside and came back', ['x modified size,state'], up, down, { ...down, size: 2 }, larger],
  ['left and came back as it was', ['x modified state'], up, down, up],
  ['was deleted and is there as it was', ['x modified '], up, undefined, up],
  ['was deleted, and is there outside', ['x deleted '], up, undefined, down],
])('of many changes those of one object that %s come to %j', async (_what, expected, ...states) => {
  const house = await audience(await memory());
  const [since] = await house.append([entryOf('first', undefined, down)]);
  await append(house, [...storyOf('x', ...states), ...others]);
  const { heard } = house.listen(ofUp, since);
  await until(() => heard.some(({ what }) => what.startsWith('other1199 ')));
  expect(heard.map(({ what }) => what).filter((what) => what.startsWith('x '))).toEqual(expected);
  await house.close();
});

test('streams of the same words tell what is folded of the same changes once, and others what is theirs', async () => {
  const house = await audience(await memory());
  const [since] = await house.append([entryOf('first', undefined, down)]);
  const objects = Array.from({ length: 600 }, (_each, index) => `x${index}`);
  const states = [1, 2, 3, 4].map((size) => ({ size }));
  for (const round of [1, 2, 3])
    await append(
      house,
      objects.map((id) => entryOf(id, states[round - 1], states[round])),
    );
  let made = 0;
  const tell = ({ change: { id }, before }: ToldEvent) => Promise.resolve(`${(made += 1)} ${id} ${before!['size']}`);
  const listen = (key: string, wants: Stream<string>['wants']) =>
    house.listen({ key, words: 'alike', wants, tell }, since);
  const alike = Array.from({ length: 20 }, (_each, number) => listen(`all ${number}`, () => true));
  // The same last changes, of fewer of them: what these were before is another.
  const fewer = listen('fewer', ({ before }) => before?.['size'] !== 1 || before === undefined);
  await until(() => [...alike, fewer].every(({ heard }) => heard.length >= 600));
  for (const { heard } of alike) expect(heard).toEqual(alike[0]!.heard);
  expect(new Set(alike[0]!.heard.map(({ what }) => what.split(' ')[2]))).toEqual(new Set(['1']));
  expect(new Set(fewer.heard.map(({ what }) => what.split(' ')[2]))).toEqual(new Set(['2']));
  expect(made).toBe(1200);
  await house.close();
});

test.each([
  ['comes back as it was', ['deleted', 'created'], 1024],
  ['comes to nothing', ['created', 'deleted'], 0],
] as const)('however much %s, little of it is looked at in one turn of the loop', async (_what, kinds, told) => {
  const loop = busiestTurn();
  const wanted = kinds.flatMap((kind, half) =>
    Array.from({ length: 2000 }, (_each, index) => {
      const value = kind === 'created' ? { after: up } : { before: up };
      const change = changeOf({ object: 'Resource', kind, id: `x${index}`, seq: 2000 * half + index + 1, ...value });
      const look = () => {
        loop.did();
        work(0.01);
        return change;
      };
      return Object.defineProperty({ change, event: eventOf(change) }, 'change', { get: look });
    }),
  );
  const found = new Found(wanted, () => true);
  const ends = [0, 4000].map((seq) => ({ seq, tag: 't' }));
  const turns = new Turns();
  const { list } = await found.behind(ends[0]!, ends[1]!, turns);
  expect(await list.slice(0, 1024, turns)).toHaveLength(told);
  expect(loop.most()).toBeLessThan(1000);
});
