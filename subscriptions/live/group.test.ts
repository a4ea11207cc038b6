import { expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { Turns } from '#platform/turns.js';
import type { LogReader } from '../log/reader.js';
import type { Entry } from '../log/recent.js';
import { eventOf } from '../log/told-event.js';
import { changeOf } from '../testing/events.js';
import { Digest } from './digest.js';
import { Group } from './group.js';
import { Member } from './member.js';
import { TextCache } from './texts.js';

const place = (seq: number): Position => ({ seq, tag: 't' });
const entries = Array.from({ length: 3000 }, (_each, index): Entry => {
  const change = changeOf({ object: 'Resource', kind: 'deleted', id: `x${index % 50}`, seq: index + 1 });
  return { change, event: eventOf(change) };
});
const reader: LogReader = {
  after: ({ seq }) => Promise.resolve({ outcome: 'read', entries: entries.slice(seq, seq + 256) }),
  forget: () => undefined,
};

test('what a window had for a stream counts with all that those who came back to it have added', async () => {
  const failed = () => undefined;
  const turns = new Turns();
  const telling = { texts: new TextCache(), turns, behind: turns, passed: () => place(0), failed };
  const group = new Group({ key: 'all', wants: () => true, tell: () => Promise.resolve('') }, telling, place(0));
  const digest = new Digest(reader);
  const around = {
    reader,
    digest,
    ahead: new Set<Member<unknown>>(),
    published: () => place(0),
    head: () => place(3000),
    reached: () => Promise.resolve(),
    failed,
  };
  const sink = { take: () => 0, whenRoom: failed, end: failed };
  const sizes = await digest.pass(place(0), async (window) => {
    const sizes: (readonly [number, number])[] = [];
    for (const from of [0, 1, 2]) {
      const member = new Member(group, sink, around, place(from));
      const found = await group.digestOf(window!, member, turns);
      await found.behind(place(from), window!.to, turns);
      group.passed(member);
      sizes.push([window!.left.calculatedSize, found.bytes]);
    }
    return sizes;
  });
  for (const [counted, bytes] of sizes) expect(counted).toBe(bytes);
  expect(new Set(sizes.map(([counted]) => counted)).size).toBe(3);
});
