import { expect, test } from '@jest/globals';
import { eventOf, type ToldEvent } from '../log/told-event.js';
import { until } from '../testing/deliveries.js';
import { changeOf } from '../testing/events.js';
import { audience, memory } from '../testing/listeners.js';
import type { Entry } from '../log/recent.js';
import { Turns } from '#platform/turns.js';
import { TextCache, Texts } from './texts.js';

class CountedTurns extends Turns {
  taken = 0;

  override take<T>(work: () => T, begun?: (done: T) => Promise<unknown>): Promise<T> {
    this.taken += 1;
    return super.take(work, begun);
  }
}

const entriesOf = (count: number) =>
  Array.from({ length: count }, (_each, index): Entry => {
    const change = changeOf({ object: 'Resource', kind: 'created', after: {}, id: `x${index}`, seq: index + 1 });
    return { change, event: eventOf(change) };
  });
/** 128 KiB, each another one. */
const longText = (number: number) => String(number).padEnd(128 * 1024, '.');

test('many who want the same texts wait for one turn for each of them', async () => {
  const entries = entriesOf(50);
  let made = 0;
  const tell = () => Promise.resolve(`text ${(made += 1)}`);
  const texts = new Texts({ key: 'all', wants: () => true, tell }, new TextCache(), () => undefined);
  const turns = new CountedTurns();
  const all = await Promise.all(Array.from({ length: 20 }, () => texts.of(entries, turns)));
  const expected = entries.map(({ change }, index) => ({ position: change.position, what: `text ${index + 1}` }));
  for (const telling of all) expect(telling).toMatchObject({ told: expected, ends: false });
  expect([made, turns.taken]).toEqual([50, 50]);
});

test('of a thousand that have been made some are looked up in each turn, and a crowd has its own for each place', async () => {
  const cache = new TextCache();
  const stream = { key: 'all', wants: () => true, tell: () => Promise.resolve('text') };
  const texts = new Texts(stream, cache, () => undefined);
  const entries = entriesOf(1000);
  await texts.of(entries, new Turns());
  const turns = new CountedTurns();
  const from = [1, 2].map((seq) => ({ from: { seq, tag: 't' }, slice: () => entries }));
  const told = await Promise.all(from.map((list) => texts.ofCrowd(list, 0, 1024, turns)));
  expect(told.map((telling) => telling.told.length)).toEqual([1000, 1000]);
  expect(turns.taken).toBe(6);
  for (const [index, list] of from.entries()) expect(await texts.ofCrowd(list, 0, 1024, turns)).toBe(told[index]);
  expect(turns.taken).toBe(6);
});

/** A stream of long texts, and how many of them were made. */
function longTexts(cache: TextCache, inJson = false) {
  const made = { count: 0 };
  const tell = () => {
    const text = longText((made.count += 1));
    return Promise.resolve(inJson ? { text } : text);
  };
  return { made, texts: new Texts<unknown>({ key: 'long', wants: () => true, tell }, cache, () => undefined) };
}

test('what is told at once ends at so many bytes, and what is behind it has not been made', async () => {
  const { made, texts } = longTexts(new TextCache());
  const entries = entriesOf(1000);
  const { told, ends } = await texts.of(entries, new Turns());
  expect([told.length, ends]).toEqual([4, false]);
  expect(made.count).toBeLessThan(16);
});

test.each([false, true])(
  'of what was told as much is kept as there is memory for, in texts or in JSON: %p',
  async (inJson) => {
    const cache = new TextCache();
    const { texts } = longTexts(cache, inJson);
    const entries = entriesOf(400);
    for (let at = 0; at < entries.length;) at += (await texts.ofCrowd(entries, at, 1024, new Turns())).told.length;
    const length = (what: unknown) => JSON.stringify(what).length;
    const ofTexts = [...cache.texts.values()].map(({ made }) => length(made));
    const ofCrowds = (await Promise.all([...cache.crowds.values()].map(({ telling }) => telling))).map(length);
    for (const kept of [ofTexts, ofCrowds]) {
      const bytes = kept.reduce((sum, each) => sum + each, 0);
      expect(bytes > 8 * 1024 * 1024 && bytes < 33 * 1024 * 1024).toBe(true);
    }
  },
);

test('a list that is empty takes the place of no other', async () => {
  const cache = new TextCache();
  const { texts, made } = longTexts(cache);
  const entries = entriesOf(1);
  const turns = new Turns();
  const first = await texts.ofCrowd(entries, 0, 1024, turns);
  for (let count = 1; count < 100; count += 1) await texts.ofCrowd([], count, 1024, turns);
  expect(await texts.ofCrowd(entries, 0, 1024, turns)).toBe(first);
  expect(made.count).toBe(1);
});

test('streams of the same words tell what was made once, whatever each wants; others make their own', async () => {
  const house = await audience(await memory());
  const wants = ({ change }: ToldEvent) => change.id !== 'b';
  const same = [house.listen({ key: 'one', words: 'plain' }), house.listen({ key: 'other', words: 'plain', wants })];
  const own = house.listen({ key: 'own' });
  await house.happen('a', 'b');
  await until(() => [same[0]!, own].every(({ heard }) => heard.length === 2) && same[1]!.heard.length === 1);
  expect(same[1]!.heard[0]!.what).toBe(same[0]!.heard[0]!.what);
  expect(house.made.count).toBe(4);
  await house.close();
});
