import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faultKinds, scheduleOf, traits, type Fault, type Lane } from './schedule.js';

const span = 3_600_000;
const runs = fc.record({ seed: fc.integer(), count: fc.integer({ min: 1, max: 200 }) });
const laneOf = ({ kind }: Fault): Lane => traits[kind].lane;
const lanes = ['gateways', 'redis', 'network', 'consumers', 'receivers'] as const;

describe('a schedule', () => {
  test('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(runs, ({ seed, count }) => {
        expect(scheduleOf(seed, { count, span })).toEqual(scheduleOf(seed, { count, span }));
      }),
    );
    expect(scheduleOf(1, { count: 40, span })).not.toEqual(scheduleOf(2, { count: 40, span }));
  });

  test('has as many faults as were asked for, in order, each over before the end', () => {
    fc.assert(
      fc.property(runs, ({ seed, count }) => {
        const faults = scheduleOf(seed, { count, span });
        expect(faults).toHaveLength(count);
        expect([...faults].sort((a, b) => a.at - b.at)).toEqual(faults);
        // One expectation for all: there are ten thousand faults, and an expectation costs more than a schedule.
        const amiss = faults.filter(
          ({ kind, at, lasts }) =>
            !(at >= 0 && at + lasts + traits[kind].rest <= span + 1) ||
            !(lasts >= traits[kind].lasts[0] && lasts <= traits[kind].lasts[1]),
        );
        expect(amiss).toEqual([]);
      }),
    );
  });

  test('strikes nothing in a lane that has not recovered, and every kind of it as often as the others', () => {
    fc.assert(
      fc.property(runs, ({ seed, count }) => {
        const faults = scheduleOf(seed, { count, span });
        for (const lane of lanes) {
          const own = faults.filter((fault) => laneOf(fault) === lane);
          const early = own.slice(1).filter((fault, index) => {
            const { kind, at, lasts } = own[index]!;
            return !(fault.at + 1 >= at + lasts + traits[kind].rest);
          });
          expect(early).toEqual([]);
          const kinds = faultKinds.filter((kind) => traits[kind].lane === lane);
          const times = kinds.map((kind) => own.filter((fault) => fault.kind === kind).length);
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('of one kind alone hurries as much as it has to', () => {
    const hurried = scheduleOf(1, { count: 200, span: 400_000, only: 'kill deliverer' });
    const [least, most] = traits['kill deliverer'].lasts;
    hurried.forEach(({ kind, at, lasts }, index) => {
      expect(kind).toBe('kill deliverer');
      expect(Math.floor(at / 2000)).toBe(index);
      expect(lasts).toBeGreaterThanOrEqual(Math.floor(least / 3));
      expect(lasts).toBeLessThanOrEqual(most / 3);
    });
    const calm = scheduleOf(1, { count: 10, span, only: 'kill deliverer' });
    expect(Math.max(...calm.map(({ lasts }) => lasts))).toBeGreaterThan(most / 3);
  });

  test('is refused where there is no time to recover', () => {
    expect(() => scheduleOf(1, { count: 200, span: 60_000 })).toThrow(RangeError);
  });
});
