import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatPosition, type Position } from '#schema/position.js';
import { until } from '../testing/deliveries.js';
import { audience, type Audience, type Listener } from '../testing/listeners.js';
import { twoServers, type TwoServers } from '../testing/two-servers.js';
import type { Gap } from './stream.js';

const tellsGaps = { key: 'with gaps', tellGap: ({ reason }: Gap) => Promise.resolve(reason as string) };
const isGap = (what: string) => what === 'REWRITTEN';
const saysOf = ({ heard }: Listener) => heard.map(({ what }) => what.split(' ')[0]);

test('who resumes is told nothing that a failover may take away, and misses nothing that takes its place', async () => {
  const servers = twoServers();
  const [first] = servers.happen('a', 'b');
  const house = await audience(servers.store);
  servers.cutOff();
  servers.happen('lost');
  const resumed = house.listen(tellsGaps, first);
  await until(() => resumed.heard.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  servers.failOver();
  servers.happen('instead', 'after');
  await until(() => resumed.heard.length >= 3);
  expect(saysOf(resumed)).toEqual(['b', 'instead', 'after']);
  await house.close();
});

test('who read what a failover took away is told of a gap, also when nothing it wants took its place', async () => {
  const servers = twoServers();
  servers.happen('a');
  const house = await audience(servers.store);
  servers.cutOff();
  const [lost] = servers.happen('lost');
  const resumed = house.listen(tellsGaps, lost);
  const choosy = house.listen({ ...tellsGaps, key: 'choosy', wants: ({ change }) => change.id === 'z' }, lost);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([resumed.heard, choosy.heard]).toEqual([[], []]);
  servers.failOver();
  servers.happen('instead');
  await until(() => resumed.heard.length === 1 && choosy.heard.length === 1);
  servers.happen('z');
  await until(() => resumed.heard.length === 2 && choosy.heard.length === 2);
  expect([saysOf(resumed), saysOf(choosy)]).toEqual([
    ['REWRITTEN', 'z'],
    ['REWRITTEN', 'z'],
  ]);
  await house.close();
});

test('who read what replicas confirm a little later goes on behind it', async () => {
  const servers = twoServers();
  servers.happen('a');
  const house = await audience(servers.store);
  servers.cutOff();
  const [known] = servers.happen('known', 'next');
  const resumed = house.listen(tellsGaps, known);
  await new Promise((resolve) => setTimeout(resolve, 20));
  servers.settle();
  await until(() => resumed.heard.length === 1);
  expect(saysOf(resumed)).toEqual(['next']);
  await house.close();
});

type Step =
  | { readonly do: 'happen'; readonly count: number }
  | { readonly do: 'join'; readonly back: number; readonly room: number }
  | { readonly do: 'cutOff' | 'settle' | 'failOver' | 'pause' };

const count = fc.integer({ min: 1, max: 40 });
const room = fc.integer({ min: 0, max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('happen' as const), count }),
  fc.record({ do: fc.constant('join' as const), back: fc.nat(30), room }),
  fc.record({ do: fc.constantFrom('cutOff' as const, 'settle' as const, 'failOver' as const, 'pause' as const) }),
);

/** Who joined, and behind which place. */
interface Joined {
  readonly listener: Listener;
  readonly from: Position;
}

async function follow(house: Audience, servers: TwoServers, steps: readonly Step[]): Promise<readonly Joined[]> {
  const joined: Joined[] = [];
  for (const each of steps) {
    if (each.do === 'happen') servers.happen(...Array.from({ length: each.count }, (_each, index) => `x${index}`));
    else if (each.do === 'join') {
      const from = servers.log[Math.max(0, servers.log.length - 1 - each.back)]!;
      joined.push({ listener: house.listen(tellsGaps, from, each.room), from });
    } else if (each.do === 'pause') await new Promise((resolve) => setTimeout(resolve, 2));
    else servers[each.do]();
  }
  servers.settle();
  servers.happen('last');
  for (const { listener } of joined) listener.rest(Infinity);
  // A gap may lead beyond it.
  const end = servers.log.length;
  await until(() => joined.every(({ listener }) => listener.heard.at(-1)?.position.seq === end));
  return joined;
}

/** Everything that stands behind where it began, once and in order; with a gap before it if that stands no longer. */
function expectTold(log: readonly Position[], { listener: { heard }, from }: Joined): void {
  const told = heard.map(({ position }) => formatPosition(position));
  const stands = log[from.seq - 1]?.tag === from.tag;
  expect(heard.filter(({ what }) => isGap(what)).length).toBe(stands ? 0 : 1);
  if (!stands) expect(isGap(heard[0]!.what)).toBe(true);
  const begins = stands ? from : heard[0]!.position;
  expect(log[begins.seq - 1]).toEqual(begins);
  expect(told.slice(stands ? 0 : 1)).toEqual(log.slice(begins.seq).map(formatPosition));
}

test('nobody is told what a failover takes away, whoever joins wherever meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const servers = twoServers();
      servers.happen('first');
      const house = await audience(servers.store);
      await follow(house, servers, steps)
        .then((joined) => joined.forEach((each) => expectTold(servers.log, each)))
        .finally(() => house.close());
    }),
    { numRuns: 40 },
  );
});
