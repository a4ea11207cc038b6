import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Position } from '#schema/position.js';
import { Backlog, type OutOfOrder } from './backlog.js';
import { Recent, type Entry } from '../log/recent.js';

const place = (seq: number): Position => ({ seq, tag: seq === 0 ? '0' : 't' });
const entry = (seq: number, id: string): Entry => {
  const position = place(seq);
  return {
    change: { position, change: 'modified', object: 'R', id, tenant: null, instance: 'i', baseline: false, at: '' },
  };
};

type Step = 'append' | 'take' | 'done' | 'scan' | 'crash' | 'rescan' | 'forget' | 'replay';

/** A subscription that is fed, drained and restarted at random: what is done stays done, what is owed comes. */
function play(steps: readonly (readonly [Step, number])[], apart: boolean): void {
  const log: Entry[] = [];
  let recent = new Recent(place(0), { entries: 20, bytes: 1e9 });
  const find = (seq: number) => recent.at(seq);
  const wants = ({ change }: Entry) => change.id !== 'unwanted';
  const head = () => place(log.length);
  let backlog = new Backlog(place(0), undefined, find);
  let stored: { position: Position; window: OutOfOrder | undefined } = { position: place(0), window: undefined };
  const taken: Entry[] = [];
  /** What was under way when it went back. */
  const former: Entry[] = [];
  const done: number[] = [];
  const scan = () => {
    const from = backlog.wanted;
    if (from) backlog.scan(log.slice(from.seq, from.seq + 7), wants, head());
  };
  const replay = (n: number) => {
    backlog.goBack(place(n % (log.length + 1)), head(), (each) => taken.includes(each));
    former.push(...taken.splice(0));
    stored = { position: backlog.position(head()), window: backlog.outOfOrder() };
    done.splice(0, Infinity, ...done.filter((seq) => seq <= stored.position.seq));
  };
  const finish = (index: number) => {
    const [late] = former.splice(index % (former.length || 1), 1);
    if (late) expect([backlog.comesAgain(late), backlog.letGo(late), backlog.letGo(late)]).toEqual([true, true, false]);
    const [ended] = taken.splice(index % (taken.length || 1), 1);
    if (!ended) return;
    expect(backlog.letGo(ended)).toBe(false);
    done.push(ended.change.position.seq);
    backlog.done(ended);
    stored = { position: backlog.position(head()), window: backlog.outOfOrder() };
  };
  const take = () => {
    if (taken.length + former.length >= (apart ? 8 : 1)) return;
    const next = backlog.take(apart);
    if (!next) return;
    expect(done).not.toContain(next.change.position.seq);
    if (apart) expect([...taken, ...former].map(({ change }) => change.id)).not.toContain(next.change.id);
    taken.push(next);
  };
  for (const [step, n] of steps) {
    if (step === 'append') {
      const next = entry(log.length + 1, n % 5 === 0 ? 'unwanted' : `o${n % 4}`);
      const before = head();
      log.push(next);
      recent.push(next, 1);
      if (wants(next)) backlog.offer(next, before);
    } else if (step === 'scan') scan();
    else if (step === 'take') take();
    else if (step === 'done') finish(n);
    else if (step === 'replay') replay(n);
    else if (step === 'rescan') backlog.rescan(head());
    else if (step === 'forget') recent = new Recent(head(), { entries: 20, bytes: 1e9 });
    else {
      taken.length = former.length = 0;
      backlog = new Backlog(stored.position, stored.window, find);
    }
  }
  for (let turn = 0; turn < 10 * log.length + 100; turn += 1) {
    scan();
    take();
    finish(0);
  }
  expect([...done].sort((a, b) => a - b)).toEqual(log.filter(wants).map(({ change }) => change.position.seq));
  if (!apart) expect(done).toEqual([...done].sort((a, b) => a - b));
  for (const object of ['o0', 'o1', 'o2', 'o3']) {
    const of = done.filter((seq) => log[seq - 1]!.change.id === object);
    expect(of).toEqual([...of].sort((a, b) => a - b));
  }
  expect(backlog.clear).toBe(true);
  expect(backlog.position(head())).toEqual(head());
}

const steps: readonly Step[] = [
  'append',
  'append',
  'append',
  'take',
  'take',
  'done',
  'done',
  'scan',
  'crash',
  'rescan',
  'forget',
];

test.each([
  { apart: false, replays: false },
  { apart: false, replays: true },
  { apart: true, replays: false },
  { apart: true, replays: true },
])(
  'nothing is lost, done twice, or out of order (objects apart: $apart, sent again: $replays)',
  ({ apart, replays }) => {
    const step = fc.tuple(
      fc.constantFrom<Step>(...steps, ...(replays ? (['replay'] as const) : [])),
      fc.nat({ max: 40 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (played) => play(played, apart)),
      { numRuns: 400 },
    );
  },
);
