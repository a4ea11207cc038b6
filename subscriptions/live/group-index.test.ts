import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter } from '#schema/filter/compile.js';
import type { Filter } from '#schema/filter/ast.js';
import { definitionOf } from '#schema/objects.js';
import { origin } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import type { ToldEvent } from '../log/told-event.js';
import { keysOfFilter } from '../matcher/keys.js';
import { onResource, someEvent } from '../testing/random-filters.js';
import { GroupIndex } from './group-index.js';
import { Group, type Telling } from './group.js';
import type { Stream } from './stream.js';
import { TextCache } from './texts.js';
import { Turns } from '#platform/turns.js';

const telling: Telling = {
  texts: new TextCache(),
  turns: new Turns(),
  behind: new Turns(),
  passed: () => origin,
  failed: () => undefined,
};
const definition = definitionOf('Resource');

function groupOf(filter: Filter, index: number): Group<unknown> {
  const holds = compileFilter(definition, filter);
  const keys = keysOfFilter(definition, filter);
  const stream: Stream<unknown> = {
    key: String(index),
    wants: ({ change, after, before }: ToldEvent) =>
      change.object === 'Resource' && ((after && holds(after)) || (before && holds(before))) === true,
    anyOf: keys && { object: 'Resource', keys },
    tell: () => Promise.resolve(undefined),
  };
  return new Group(stream, telling, origin);
}

const filters = fc.array(
  fc.array(onResource, { minLength: 1, maxLength: 3 }).map((all): Filter => ({ all })),
  { maxLength: 8 },
);

test('each is handed all that it wants, once and in order, and nothing when it has left', async () => {
  let [found, spared] = [0, 0];
  fc.assert(
    fc.property(filters, fc.array(someEvent, { minLength: 1, maxLength: 40 }), fc.nat(3), (all, events, leaving) => {
      const index = new GroupIndex();
      const groups = all.map(groupOf);
      for (const group of groups) index.add(group);
      for (const group of groups.slice(0, leaving)) index.remove(group);
      const entries = events.map((event): Entry => ({ change: event.change, event }));
      const handed = new Map<Group<unknown>, Entry[]>();
      for (let at = 0; at < entries.length; at += 16) {
        const some = entries.slice(at, at + 16);
        for (const group of [...index.anything, ...index.keyedFor(some)])
          handed.set(group, [...(handed.get(group) ?? []), ...some]);
      }
      groups.forEach((group, at) => {
        const got = handed.get(group) ?? [];
        if (at < leaving) return expect(got).toEqual([]);
        const wanted = entries.filter(({ event }) => group.stream.wants(event!));
        expect(got.filter(({ event }) => group.stream.wants(event!))).toEqual(wanted);
        found += wanted.length;
        spared += entries.length - got.length;
      });
    }),
    { numRuns: 300 },
  );
  expect(found > 100 && spared > 100).toBe(true);
});
