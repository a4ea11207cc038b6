import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NativeEvent } from '#adapters/contract.js';
import {
  FakeBackend,
  idOf,
  type Native,
  type NativeKind,
  type Reading,
  type Versions,
} from './testing/fake-backend.js';
import { openWorld, type World } from './testing/world.js';

/** What may happen, in any order: at the backend, on the way, and to the gateway. */
type Step =
  | {
      readonly step: 'foreign' | 'ours';
      readonly kind: NativeKind;
      readonly identity: string;
      readonly pool: string | undefined;
    }
  | { readonly step: 'answer'; readonly which: number }
  | { readonly step: 'pass'; readonly batches: number }
  | { readonly step: 'cut'; readonly forget: boolean }
  | { readonly step: 'fail'; readonly after: boolean }
  | { readonly step: 'time'; readonly seconds: number }
  | { readonly step: 'restart' };

/** Always the same histories, unless others are asked for: HISTORIES=5000 runs as many new ones. */
const { HISTORIES } = process.env;
const runs = HISTORIES === undefined ? { numRuns: 100, seed: 20_261_121 } : { numRuns: Number(HISTORIES) };

const native = {
  kind: fc.constantFrom<NativeKind[]>('server', 'server', 'rack'),
  identity: fc.constantFrom('1', '2', '3'),
  pool: fc.constantFrom('a', 'b', undefined),
};
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ step: fc.constant('foreign' as const), ...native }) },
    { weight: 6, arbitrary: fc.record({ step: fc.constant('ours' as const), ...native }) },
    { weight: 6, arbitrary: fc.record({ step: fc.constant('answer' as const), which: fc.nat(5) }) },
    {
      weight: 10,
      arbitrary: fc.record({ step: fc.constant('pass' as const), batches: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('cut' as const), forget: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('fail' as const), after: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ step: fc.constant('time' as const), seconds: fc.constantFrom(1, 2, 31, 61) }) },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('restart' as const) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

const open: World[] = [];
afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
});

interface Answer {
  readonly event: NativeEvent;
  readonly key: string;
  readonly began: number;
}

/** Runs a history and lets everything settle. */
async function live(backend: FakeBackend, reading: Reading, history: readonly Step[]): Promise<World> {
  const world = await openWorld(backend, reading);
  open.push(world);
  const answers: Answer[] = [];
  // Without an order nobody can tell which of two answers is later, or whether a change that came between is.
  const alone = { ours: backend.versions !== 'ordered', foreign: backend.versions === 'none' };
  const change = (kind: NativeKind, identity: string, pool: string | undefined) => {
    return pool === undefined ? backend.delete(kind, identity) : backend.put(kind, identity, pool);
  };
  // Nobody waits for the answer to a write longer than a minute.
  const give = ({ event, began }: Answer) => {
    if (world.clock.now() - began < 60_000) world.observe([event], began);
  };
  for (const step of history) {
    if (step.step === 'foreign' || step.step === 'ours') {
      const key = `${step.kind}/${step.identity}`;
      if (alone[step.step] && answers.some((answer) => answer.key === key)) continue;
      const began = world.clock.now();
      const event = change(step.kind, step.identity, step.pool);
      if (event && step.step === 'ours') answers.push({ event, key, began });
    } else if (step.step === 'answer') {
      const [answer] = answers.splice(step.which % (answers.length || 1), 1);
      if (answer) give(answer);
    } else if (step.step === 'pass') backend.pass(step.batches);
    else if (step.step === 'cut') backend.cut(step.forget);
    else if (step.step === 'fail') world.failNext(step.after);
    else if (step.step === 'time') await world.clock.advance(step.seconds * 1000);
    else if (reading !== 'replay') {
      // Answers end with the process that waits for them.
      answers.length = 0;
      await world.restart();
    }
    await world.idle();
  }
  answers.forEach(give);
  await settle(world, backend);
  return world;
}

/** Everything is told, every pin ends, and what was doubted is read again. */
async function settle(world: World, backend: FakeBackend): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    backend.pass(10_000);
    await world.idle();
    await world.clock.advance(61_000);
    await world.idle();
  }
}

/** What the log told of one thing (undefined: that it is not there), against what it was at the backend. */
interface Tale {
  readonly of: string;
  readonly told: readonly (number | undefined)[];
  readonly was: readonly (number | undefined)[];
}

/** Whether everything told was so, in that order. */
function isInOrder({ told, was }: Tale): boolean {
  let at = 0;
  for (const state of told) {
    at = was.indexOf(state, at);
    if (at === -1) return false;
  }
  return true;
}

/** Of every resource; and of every member of a pool whether the pool said so. */
async function talesOf(world: World, backend: FakeBackend): Promise<readonly Tale[]> {
  const changes = await world.changes();
  const descriptions = (object: 'Resource' | 'ResourcePool', identity: string) => {
    const id = idOf(object, identity);
    return changes.filter((change) => change.id === id).map(({ after }) => after?.value['description']);
  };
  const was = (member: string, here: (native: Native) => boolean) => {
    const states = backend.history(...(member.split('/') as [string, string]));
    return states.map(({ native, revision }) => (native && here(native) ? revision : undefined));
  };
  const members = ['server/1', 'server/2', 'server/3', 'rack/1', 'rack/2', 'rack/3'];
  const servers = ['1', '2', '3'].map((identity) => {
    const told = descriptions('Resource', identity).map(revisionOf);
    return { of: identity, told, was: was(`server/${identity}`, () => true) };
  });
  const pools = ['a', 'b'].flatMap((pool) => {
    const told = descriptions('ResourcePool', pool).map(membersOf);
    return members.map((member) => ({
      of: `${member} in ${pool}`,
      told: told.map((said) => said.get(member)),
      was: was(member, (native) => native.pool === pool),
    }));
  });
  return [...servers, ...pools];
}

async function check(world: World, backend: FakeBackend): Promise<void> {
  const tales = await talesOf(world, backend);
  expect(tales.filter((tale) => !isInOrder(tale))).toEqual([]);
  expect(world.shown()).toEqual(backend.expected());
  expect(await world.replayed()).toEqual(backend.expected());
}

function revisionOf(text: unknown): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function membersOf(text: unknown): ReadonlyMap<string, number> {
  const parts = String(text ?? '')
    .split(' ')
    .filter((part) => part !== '');
  return new Map(parts.map((part) => [part.split('=')[0]!, Number(part.split('=')[1])]));
}

describe.each<[Reading, Versions]>([
  ['watch', 'ordered'],
  ['watch', 'unordered'],
  ['watch', 'none'],
  ['replay', 'ordered'],
  ['poll', 'ordered'],
  ['poll', 'unordered'],
  ['poll', 'none'],
])('a backend that is read by %s, its versions %s', (reading, versions) => {
  test(
    'is shown as it is in the end, and never in an earlier state than before',
    async () => {
      const property = fc.asyncProperty(steps, async (history) => {
        const backend = new FakeBackend(versions);
        await check(await live(backend, reading, history), backend);
        await open.pop()?.close();
      });
      await fc.assert(property, runs);
    },
    1000 * runs.numRuns,
  );
});
