import { expect, test } from '@jest/globals';
import { eventOf } from '../log/told-event.js';
import { changeOf } from '../testing/events.js';
import type { Entry } from '../log/recent.js';
import { Turns } from '../turns.js';
import { TextCache, Texts } from './texts.js';

class CountedTurns extends Turns {
  taken = 0;

  override take<T>(work: () => T, begun?: (done: T) => Promise<unknown>): Promise<T> {
    this.taken += 1;
    return super.take(work, begun);
  }
}

test('many who want the same texts wait for one turn for each of them', async () => {
  const entries = Array.from({ length: 50 }, (_each, index): Entry => {
    const change = changeOf({ object: 'Resource', kind: 'created', after: {}, id: `x${index}`, seq: index + 1 });
    return { change, event: eventOf(change) };
  });
  let made = 0;
  const tell = () => Promise.resolve(`text ${(made += 1)}`);
  const texts = new Texts({ key: 'all', wants: () => true, tell }, new TextCache(), () => undefined);
  const turns = new CountedTurns();
  const all = await Promise.all(Array.from({ length: 20 }, () => texts.of(entries, turns)));
  const expected = entries.map(({ change }, index) => ({ position: change.position, what: `text ${index + 1}` }));
  for (const telling of all) expect(telling).toEqual({ told: expected, ends: false });
  expect([made, turns.taken]).toEqual([50, 50]);
});
