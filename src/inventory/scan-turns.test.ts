import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { steppedPerformance, type SteppedPerformance } from '#platform/testing/stepped-performance.js';
import { few, scanTurns, type ScanTurn, type ScanTurns, type Waiter } from './scan-turns.js';

let clock: SteppedPerformance;
beforeEach(() => {
  clock = steppedPerformance();
});
afterEach(() => clock.putBack());

const many = 100_000;
const waiterOf = (name: string, signal = new AbortController().signal, tenant?: string): Waiter => ({
  signal,
  principal: { name, scope: { tenant } },
});

/** A scan that uses all the time it is given, so many times over; notes its name whenever it had a turn. */
async function scan(
  turns: ScanTurns,
  waiter: Waiter,
  rounds: number,
  noted: (name: string) => void,
  comparisons = many,
): Promise<void> {
  const begun = turns.begin(comparisons, waiter);
  const turn = begun instanceof Promise ? await begun : begun;
  try {
    for (let round = 1; ; round += 1) {
      while (!turn.over()) clock.step(0.1);
      noted(waiter.principal!.name);
      if (round === rounds) return;
      await turn.pause();
    }
  } finally {
    turn.end();
  }
}

/** Counts turns of the event loop until it is told to stop. */
function loopTurns(): { readonly count: () => number; stop(): void } {
  let count = 0;
  let going = true;
  void (async () => {
    for (; going; count += 1) await nextTurn();
  })();
  return { count: () => count, stop: () => void (going = false) };
}

test.each([
  ['long', [many]],
  ['short', [few]],
  ['of both kinds', [few, few, many]],
])('however many scans there are, one of them uses up the time of a turn: %s', async (_, lengths) => {
  const turns = scanTurns();
  const loop = loopTurns();
  const at: number[] = [];
  const scans = Array.from({ length: 20 }, (_each, number) =>
    scan(turns, waiterOf(`p${number % 3}`), 2, () => at.push(loop.count()), lengths[number % lengths.length]),
  );
  await Promise.all(scans);
  loop.stop();
  expect(at).toHaveLength(40);
  expect(new Set(at).size).toBe(40);
});

test('principals take turns, whoever came first with however many', async () => {
  const turns = scanTurns();
  const order: string[] = [];
  const note = (name: string) => void order.push(name);
  const busy = Array.from({ length: 30 }, () => scan(turns, waiterOf('busy'), 3, note));
  await Promise.all([...busy, scan(turns, waiterOf('rare'), 2, note)]);
  expect(order.slice(0, 5)).toEqual(['busy', 'busy', 'rare', 'busy', 'rare']);
});

const refused = { code: 'UNAVAILABLE', detail: { retryAfter: 1 } };

test('beyond what may be under way for one principal, and in all, they are refused until there is room again', async () => {
  const turns = scanTurns();
  const begin = (name: string) => scan(turns, waiterOf(name), 1, () => undefined);
  const running = await turns.begin(many, waiterOf('a'));
  const admitted = Array.from({ length: 63 }, () => begin('a'));
  await expect(begin('a')).rejects.toMatchObject(refused);
  for (const name of 'bcdefgh') admitted.push(...Array.from({ length: 64 }, () => begin(name)));
  await expect(begin('i')).rejects.toMatchObject(refused);
  running.end();
  await Promise.all(admitted);
  await Promise.all([begin('a'), begin('i')]);
});

test('a tenant has half of all, with however many tokens, and leaves the rest to others', async () => {
  const turns = scanTurns();
  const left = new AbortController();
  const running = await turns.begin(many, waiterOf('z'));
  const of = (name: string, tenant: string, { signal } = new AbortController()) =>
    scan(turns, waiterOf(name, signal, tenant), 1, () => undefined);
  const red = (name: string) => Array.from({ length: 64 }, () => of(name, 'red', left));
  const admitted = ['a', 'b', 'c', 'd'].flatMap(red);
  for (const refusal of ['e', 'f', 'g', 'h'].flatMap(red)) await expect(refusal).rejects.toMatchObject(refused);
  const green = of('i', 'green');
  // Places of who has left are free again.
  left.abort(new Error('left'));
  running.end();
  expect((await Promise.allSettled(admitted)).filter(({ status }) => status === 'rejected')).toHaveLength(256);
  await Promise.all([green, of('e', 'red')]);
});

test('short scans share the time of a turn with each other and with long ones, and wait for nobody while some is left', async () => {
  const turns = scanTurns();
  const loop = loopTurns();
  const long = scan(turns, waiterOf('a'), 3, () => undefined);
  for (let each = 0; each < 5; each += 1) {
    const short = turns.begin(few, waiterOf('b'));
    expect(short).not.toBeInstanceOf(Promise);
    (short as ScanTurn).end();
  }
  expect(loop.count()).toBe(0);
  await long;
  loop.stop();
});

test('short scans that have to wait are let go on before long ones, and are never refused', async () => {
  const turns = scanTurns();
  const order: string[] = [];
  const note = (name: string) => void order.push(name);
  const all = [scan(turns, waiterOf('first'), 1, note, few), scan(turns, waiterOf('long'), 1, note)];
  for (let each = 0; each < 100; each += 1)
    all.push(Promise.resolve(turns.begin(few, waiterOf('short'))).then((turn) => (note('short'), turn.end())));
  await Promise.all(all);
  expect([order.length, ...order.slice(0, 2), order.at(-1)]).toEqual([102, 'first', 'short', 'long']);
});

test('short scans leave a part of each turn to long ones', async () => {
  const turns = scanTurns();
  const order: string[] = [];
  const short = async () => {
    const begun = turns.begin(few, waiterOf('a'));
    const turn = begun instanceof Promise ? await begun : begun;
    clock.step(1.2);
    order.push('short');
    turn.end();
  };
  await Promise.all([...Array.from({ length: 20 }, short), scan(turns, waiterOf('b'), 1, () => order.push('long'))]);
  expect(order.indexOf('long')).toBeLessThan(5);
});

test('what takes long with few rows joins the queue', async () => {
  const turns = scanTurns();
  const turn = await turns.begin(10, waiterOf('a'));
  while (!turn.over()) clock.step(0.1);
  const order: string[] = [];
  const other = scan(turns, waiterOf('b'), 2, () => order.push('b'));
  await turn.pause().then(() => order.push('a'));
  turn.end();
  await other;
  expect(order).toEqual(['b', 'a', 'b']);
});

test('a scan nobody waits for any more ends when its turn comes, and the others go on', async () => {
  const turns = scanTurns();
  const left = new AbortController();
  const first = scan(turns, waiterOf('a'), 3, () => undefined);
  const second = scan(turns, waiterOf('a', left.signal), 3, () => undefined);
  const third = scan(turns, waiterOf('a'), 3, () => undefined);
  left.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  await Promise.all([first, third]);
  const again = await turns.begin(many, waiterOf('a'));
  again.end();
});
