import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatPosition } from '#schema/position.js';
import { work } from '#platform/testing/busiest-turn.js';
import type { ToldEvent } from '../log/told-event.js';
import { until } from '../testing/deliveries.js';
import { audience, type Audience, type Listener } from '../testing/listeners.js';
import { twoServers, type TwoServers } from '../testing/two-servers.js';
import type { Gap, Stream } from './stream.js';

/** One change of any of the logs that there were, and what stood before it. */
interface Node {
  readonly id: string;
  readonly seq: number;
  readonly before: Node | undefined;
}

const isSeventh = (id: string) => Number(id.slice(1)) % 7 === 0 || id === 'last';

type Name = 'all' | 'sevens' | 'dear' | 'fresh';

interface Joined {
  readonly name: Name;
  readonly listener: Listener;
  readonly from: Node;
  /** How often the log was rewritten by then. */
  readonly rewritten: number;
}

/** A log that is rewritten, all who listen to it, and what each of them must have been told. */
class World {
  readonly servers: TwoServers = twoServers();
  readonly joined: Joined[] = [];
  rewritten = 0;
  readonly faults: string[] = [];
  house!: Audience;
  gate = Promise.withResolvers<void>();
  readonly #nodes = new Map<string, Node>();
  #streams = 0;
  #ids = 0;

  static async open(): Promise<World> {
    const world = new World();
    world.gate.resolve();
    world.happen(1);
    world.house = await audience(world.servers.store, () => world.gate.promise);
    return world;
  }

  happen(count: number, id?: string): void {
    const before = this.servers.log.at(-1);
    let node = before && this.#nodes.get(formatPosition(before));
    const ids = Array.from({ length: count }, () => id ?? `x${(this.#ids += 1) % 300}`);
    for (const [index, position] of this.servers.happen(...ids).entries()) {
      node = { id: ids[index]!, seq: position.seq, before: node };
      this.#nodes.set(formatPosition(position), node);
    }
  }

  lose(count: number): void {
    this.rewritten += 1;
    this.servers.lose(count);
    this.happen(1);
  }

  join(name: Name, back: number, room: number): void {
    const { log } = this.servers;
    const since = log[Math.max(0, log.length - 1 - back)]!;
    const listener = this.house.listen(this.#streamOf(name), since, room);
    this.joined.push({ name, listener, from: this.#nodes.get(formatPosition(since))!, rewritten: this.rewritten });
  }

  #streamOf(name: Name): Partial<Stream<string>> {
    const wants = ({ change: { id } }: ToldEvent) => {
      if (name === 'dear') work(0.02);
      return name !== 'sevens' || isSeventh(id);
    };
    const keys = [...Array.from({ length: 43 }, (_each, index) => `x${7 * index}`), 'last'];
    return {
      key: name === 'fresh' ? `fresh ${(this.#streams += 1)}` : name,
      tenant: name === 'dear' || name === 'fresh' ? 'red' : undefined,
      wants,
      ...(name === 'sevens' && {
        anyOf: { object: 'Resource', keys: keys.map((value) => ({ attribute: 'resourceId', value })) },
      }),
      tell: async ({ change, conflated }) => {
        this.look();
        if (change.position.seq % 16 === 0) await nextTurn();
        return conflated ? 'conflated' : 'told';
      },
      tellGap: ({ reason }: Gap) => Promise.resolve(reason),
    };
  }

  /** Nobody says that it has come further than what it was told leads. */
  look(): void {
    for (const { name, listener, from } of this.joined) {
      const place = listener.seat.position();
      const last = listener.heard.at(-1)?.position;
      const told = last ? this.#nodes.get(formatPosition(last))! : from;
      for (let node = place && this.#nodes.get(formatPosition(place)); node && node.seq > told.seq; node = node.before)
        if (name !== 'sevens' || isSeventh(node.id))
          this.faults.push(`${name} is at ${place!.seq}, not told ${node.seq}`);
    }
  }

  /** Behind its place, and behind each gap, all of one log, once and in order. */
  check({ name, listener: { heard }, from, rewritten }: Joined): void {
    let begin = from;
    let told: { node: Node; conflated: boolean }[] = [];
    let gaps = 0;
    for (const { what, position } of heard) {
      const node = this.#nodes.get(formatPosition(position))!;
      if (what === 'REWRITTEN') {
        this.#checkRun(name, begin, told);
        [begin, told, gaps] = [node, [], gaps + 1];
      } else told.push({ node, conflated: what === 'conflated' });
    }
    this.#checkRun(name, begin, told);
    expect((told.at(-1)?.node ?? begin).seq).toBe(this.servers.log.length);
    // Who finds it by itself is told once more when the hub does, and the hub may not have known of one when it joined.
    expect(gaps).toBeLessThanOrEqual(2 * (this.rewritten - rewritten + Math.min(rewritten, 1)));
  }

  #checkRun(name: Name, begin: Node, told: readonly { readonly node: Node; readonly conflated: boolean }[]): void {
    const expected: Node[] = [];
    const folded = new Map(told.filter(({ conflated }) => conflated).map(({ node }) => [node, node.id]));
    const later = new Set<string>();
    const heard = new Set(told.map(({ node }) => node));
    let node = told.at(-1)?.node ?? begin;
    for (; node !== begin && node.seq > begin.seq; node = node.before!) {
      if (name === 'sevens' && !isSeventh(node.id)) continue;
      if (folded.has(node)) later.add(node.id);
      // Told as a part of what stands behind it.
      if (heard.has(node) || !later.has(node.id)) expected.push(node);
    }
    expect(node).toBe(begin);
    expect(told.map((each) => each.node.seq)).toEqual(expected.reverse().map(({ seq }) => seq));
    expect(told.every((each, index) => each.node === expected[index])).toBe(true);
  }
}

type Step =
  | { readonly do: 'happen' | 'lose'; readonly count: number }
  | { readonly do: 'join'; readonly name: Name; readonly back: number; readonly room: number }
  | { readonly do: 'rest'; readonly which: number; readonly room: number }
  | { readonly do: 'turns'; readonly count: number }
  | { readonly do: 'hold' | 'go' };

const room = fc.oneof(fc.constant(Infinity), fc.nat(30));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('happen' as const), count: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('happen' as const), count: fc.integer({ min: 900, max: 1400 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), count: fc.integer({ min: 1, max: 50 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      name: fc.constantFrom<Name>('all', 'sevens', 'dear', 'fresh'),
      back: fc.oneof(fc.nat(60), fc.constant(0), fc.nat(2500)),
      room,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rest' as const), which: fc.nat(8), room }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'go' as const) }) },
);

async function follow(world: World, steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    if (each.do === 'happen') world.happen(each.count);
    else if (each.do === 'lose') world.lose(each.count);
    else if (each.do === 'join') world.join(each.name, each.back, each.room);
    else if (each.do === 'rest') world.joined[each.which]?.listener.rest(each.room);
    else if (each.do === 'turns') for (let turn = 0; turn < each.count; turn += 1) await nextTurn();
    else {
      world.gate.resolve();
      if (each.do === 'hold') world.gate = Promise.withResolvers();
    }
    world.look();
  }
  world.gate.resolve();
  world.happen(1, 'last');
  for (const { listener } of world.joined) listener.rest(Infinity);
  const end = world.servers.log.length;
  await until(() => world.joined.every(({ listener }) => listener.heard.at(-1)?.position.seq === end));
  for (const each of world.joined) world.check(each);
  expect([world.faults, world.house.failures]).toEqual([[], []]);
}

test('whoever listens while the log is rewritten is told all of one log, a gap, and all of the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const world = await World.open();
      await follow(world, steps).finally(() => world.house.close());
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 60_000);

test('what waits for the view when the log is rewritten takes nobody beyond the end of the other', async () => {
  const world = await World.open();
  world.join('all', 0, Infinity);
  const { listener } = world.joined[0]!;
  world.happen(30);
  await until(() => listener.heard.length === 30);
  world.gate = Promise.withResolvers();
  world.happen(10);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  world.lose(35);
  await until(() => listener.heard.length === 31);
  world.gate.resolve();
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(listener.seat.position()?.seq).toBe(world.servers.log.length);
  world.happen(1, 'last');
  await until(() => listener.heard.length === 32);
  world.check(world.joined[0]!);
  await world.house.close();
});
