import { expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { eventOf } from '../log/told-event.js';
import type { LogReader } from '../log/reader.js';
import type { Entry } from '../log/recent.js';
import { until } from '../testing/deliveries.js';
import { changeOf } from '../testing/events.js';
import { Turns } from '#platform/turns.js';
import { Digest } from './digest.js';
import { Lane } from './lane.js';
import { Member } from './member.js';
import { TextCache } from './texts.js';

const place = (seq: number): Position => ({ seq, tag: 't' });
const entries = Array.from({ length: 3000 }, (_each, index): Entry => {
  const change = changeOf({ object: 'Resource', kind: 'created', after: {}, id: `x${index}`, seq: index + 1 });
  return { change, event: eventOf(change) };
});

/** One who is current in a lane that has been handed nothing yet, and what is handed to the lane after that. */
async function laneOf(wants: () => boolean) {
  let published = place(0);
  const read: number[] = [];
  const reader: LogReader = {
    async after({ seq }) {
      read.push(seq);
      return { outcome: 'read', entries: entries.slice(seq, published.seq) };
    },
    forget: () => undefined,
  };
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  const lane = new Lane(
    'red',
    { texts: new TextCache(), turns: new Turns(), behind: new Turns(), failed },
    () => published,
  );
  const heard: number[] = [];
  const sink = {
    take: (told: readonly { readonly position: Position }[]) =>
      heard.push(...told.map(({ position }) => position.seq)) && told.length,
    whenRoom: () => undefined,
    end: () => undefined,
  };
  const group = lane.add({ key: 'all', wants, tell: ({ change }) => Promise.resolve(change.id) });
  const around = {
    reader,
    digest: new Digest(reader),
    ahead: new Set<Member<unknown>>(),
    published: () => published,
    head: () => published,
    reached: () => Promise.resolve(),
    failed: (_message: string, error: unknown) => failed(error),
  };
  new Member(group, sink, around, published).join();
  await until(() => group.current.size === 1);
  const hand = (some: readonly Entry[]) => {
    const before = published;
    published = some.at(-1)!.change.position;
    lane.hand(some, before);
  };
  return { hand, heard, read, failures };
}

const seqs = (count: number) => entries.slice(0, count).map(({ change }) => change.position.seq);

test.each([2000, 3000])(
  'of %i that wait to be asked about nothing is lost: what is too much is read from the log',
  async (count) => {
    let asked = 0;
    const lane = await laneOf(() => (asked += 1) > 0);
    for (let at = 0; at < count; at += 10) lane.hand(entries.slice(at, at + 10));
    // In turns, not as it is handed.
    expect([asked, lane.read]).toEqual([0, [0]]);
    await until(() => lane.heard.length === count);
    expect(lane.heard).toEqual(seqs(count));
    expect(lane.read.length > 1).toBe(count === 3000);
    expect([asked, lane.failures]).toEqual([count, []]);
  },
);
