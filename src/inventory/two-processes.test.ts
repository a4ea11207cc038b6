import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NativeEvent } from '#adapters/contract.js';
import { FakeBackend, idOf, type NativeKind, type Reading } from './testing/fake-backend.js';
import { openTwoProcesses, type TwoProcesses } from './testing/two-processes.js';

type Step =
  | {
      readonly step: 'foreign' | 'ours';
      readonly kind: NativeKind;
      readonly identity: string;
      readonly pool: string | undefined;
    }
  /** The process that wrote is slow: what the backend answered is handed over only now. */
  | { readonly step: 'answer'; readonly which: number; readonly here: boolean }
  | { readonly step: 'pass'; readonly batches: number }
  | { readonly step: 'cut'; readonly forget: boolean }
  | { readonly step: 'time'; readonly seconds: number }
  | { readonly step: 'take over'; readonly how: 'stopped' | 'unaware' };

const { HISTORIES } = process.env;
const runs = HISTORIES === undefined ? { numRuns: 34, seed: 20_261_122 } : { numRuns: Number(HISTORIES) };

const native = {
  kind: fc.constantFrom<NativeKind[]>('server', 'server', 'rack'),
  identity: fc.constantFrom('1', '2', '3'),
  pool: fc.constantFrom('a', 'b', undefined),
};
const batches = fc.integer({ min: 1, max: 4 });
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ step: fc.constant('foreign' as const), ...native }) },
    { weight: 6, arbitrary: fc.record({ step: fc.constant('ours' as const), ...native }) },
    {
      weight: 7,
      arbitrary: fc.record({ step: fc.constant('answer' as const), which: fc.nat(5), here: fc.boolean() }),
    },
    { weight: 9, arbitrary: fc.record({ step: fc.constant('pass' as const), batches }) },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('cut' as const), forget: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('time' as const), seconds: fc.constantFrom(2, 31, 61) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        step: fc.constant('take over' as const),
        how: fc.constantFrom('stopped' as const, 'unaware' as const),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

interface Answer {
  readonly event: NativeEvent;
  readonly key: string;
  readonly revision: number;
  readonly began: number;
}

const open: TwoProcesses[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** What writers who were answered found older than what they had written. */
async function live(backend: FakeBackend, reading: Reading, history: readonly Step[]): Promise<readonly string[]> {
  const processes = await openTwoProcesses(backend, reading);
  open.push(processes);
  const { clock } = processes;
  const answers: Answer[] = [];
  const unread: string[] = [];
  const waiting = new Set<Promise<void>>();
  const gone = new AbortController();
  const give = ({ event, key, revision, began }: Answer, here: boolean): void => {
    const write = here ? processes.writeHere : processes.write;
    const done = write([event], began, gone.signal).then(
      async () => {
        await processes.idle();
        if (isOlder(processes.shown(), backend, key, revision)) unread.push(`${key} at ${revision}`);
      },
      () => undefined, // its deadline came
    );
    waiting.add(done);
    void done.finally(() => waiting.delete(done));
  };
  for (const step of history) {
    if (step.step === 'foreign' || step.step === 'ours') {
      const began = clock.now();
      const event =
        step.pool === undefined
          ? backend.delete(step.kind, step.identity)
          : backend.put(step.kind, step.identity, step.pool);
      const key = `${step.kind}/${step.identity}`;
      const revision = backend.history(step.kind, step.identity).at(-1)!.revision;
      if (event && step.step === 'ours') answers.push({ event, key, revision, began });
    } else if (step.step === 'answer') {
      const [answer] = answers.splice(step.which % (answers.length || 1), 1);
      if (answer && clock.now() - answer.began < 60_000) give(answer, step.here);
    } else if (step.step === 'pass') backend.pass(step.batches);
    else if (step.step === 'cut') backend.cut(step.forget);
    else if (step.step === 'time') await clock.advance(step.seconds * 1000);
    else if (step.step === 'take over') await processes.takeOver(step.how);
    await processes.idle();
  }
  for (let round = 0; round < 4; round += 1) {
    backend.pass(10_000);
    await processes.idle();
    await clock.advance(61_000);
    await processes.idle();
  }
  gone.abort();
  await Promise.all(waiting);
  return unread;
}

/** Whether a server is shown as it was before the revision. Racks are seen in pools alone, by the last check. */
function isOlder(
  shown: Readonly<Record<string, string>>,
  backend: FakeBackend,
  key: string,
  revision: number,
): boolean {
  const [kind, identity] = key.split('/') as [NativeKind, string];
  if (kind !== 'server') return false;
  const text = shown[idOf('Resource', identity)];
  if (text !== undefined) return Number(text) < revision;
  return !backend.history(kind, identity).some((state) => state.revision >= revision && state.native === undefined);
}

/** Whether every state of a server that the log tells is one that it had, and none comes before an earlier one. */
async function reversals(processes: TwoProcesses, backend: FakeBackend): Promise<readonly string[]> {
  const changes = await processes.changes();
  return ['1', '2', '3'].flatMap((identity) => {
    const id = idOf('Resource', identity);
    const told = changes.filter((change) => change.id === id).map(({ after }) => after?.value['description']);
    const was = backend
      .history('server', identity)
      .map(({ native: has, revision }) => (has ? `${revision}` : undefined));
    let at = 0;
    for (const state of told) {
      at = was.indexOf(state as string | undefined, at);
      if (at === -1) return [`server ${identity}: ${told.join(', ')} of ${was.join(', ')}`];
    }
    return [];
  });
}

test.each<Reading>(['watch', 'replay', 'poll'])(
  'two processes on one store, one of which only writes: nothing goes back, and who was answered reads what it wrote (%s)',
  async (reading) => {
    const property = fc.asyncProperty(steps, async (history) => {
      const backend = new FakeBackend('ordered');
      for (const failed of open.splice(0)) await failed.close();
      const unread = await live(backend, reading, history);
      const [processes] = open;
      expect([unread, await reversals(processes!, backend)]).toEqual([[], []]);
      expect(processes!.shown()).toEqual(backend.expected());
      await open.pop()!.close();
    });
    await fc.assert(property, runs);
  },
  3000 * runs.numRuns,
);
