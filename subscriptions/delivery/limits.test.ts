import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { steppedPerformance } from '#platform/testing/stepped-performance.js';
import { Limits, type Purpose } from './limits.js';

const limits = { perEndpoint: 3, perTenant: 5, altogether: 8 };

test('limits hold at all times, and everything begins in the end', () => {
  const purpose = fc.record({
    endpoint: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    tenant: fc.constantFrom('s', 't', 'u', null),
    retry: fc.boolean(),
  });
  const step = fc.oneof(purpose, fc.nat({ max: 20 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const all = new Limits(limits, Infinity);
      const active: { purpose: Purpose; leave: () => void }[] = [];
      let [asked, begun] = [0, 0];
      const check = () => {
        const most = (key: (purpose: Purpose) => string) =>
          Math.max(0, ...[...Map.groupBy(active, (each) => key(each.purpose)).values()].map((each) => each.length));
        const holds =
          active.length <= limits.altogether &&
          most(({ endpoint }) => endpoint) <= limits.perEndpoint &&
          most(({ tenant }) => String(tenant)) <= limits.perTenant &&
          active.filter((each) => each.purpose.retry).length <= limits.altogether / 2;
        if (!holds) throw new Error(`Too many are under way: ${JSON.stringify(active)}`);
      };
      for (const each of steps) {
        if (typeof each === 'number') active.splice(each % (active.length || 1), 1)[0]?.leave();
        else {
          asked += 1;
          all.enter(each, (leave) => {
            begun += 1;
            active.push({ purpose: each, leave });
          });
        }
        check();
      }
      while (active.length > 0) active.shift()!.leave();
      expect(begun).toBe(asked);
      expect(all.active).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test('tenants and their endpoints have their turns', () => {
  const all = new Limits({ perEndpoint: 1, perTenant: 1, altogether: 1 }, Infinity);
  const order: string[] = [];
  const leaves: (() => void)[] = [];
  const enter = (tenant: string, endpoint: string) =>
    all.enter({ tenant, endpoint, retry: false }, (leave) => {
      order.push(tenant + endpoint);
      leaves.push(leave);
    });
  for (let n = 0; n < 3; n += 1) enter('s', 'a');
  enter('s', 'b');
  enter('t', 'c');
  while (leaves.length > 0) leaves.shift()!();
  expect(order).toEqual(['sa', 'sa', 'tc', 'sb', 'sa']);
});

test('whatever waits for an endpoint that never answers, others begin in the very call', () => {
  const all = new Limits({ perEndpoint: 8, perTenant: 64, altogether: 512 }, Infinity);
  const begun = { hole: 0, good: 0 };
  for (let n = 0; n < 1000; n += 1)
    all.enter({ tenant: 's', endpoint: 'hole', retry: n % 2 === 1 }, () => void (begun.hole += 1));
  for (let n = 0; n < 100; n += 1) {
    const purpose = { tenant: n % 2 === 0 ? 's' : 't', endpoint: 'good', retry: n % 3 === 0 };
    all.enter(purpose, (leave) => {
      begun.good += 1;
      leave();
    });
    expect(begun).toEqual({ hole: 1, good: n + 1 });
  }
});

describe('half of the places of a tenant', () => {
  const open = () => new Limits({ perEndpoint: 8, perTenant: 8, altogether: 64 }, Infinity);
  const enter = (all: Limits, endpoint: string, retry = false) => {
    let begun = false;
    let leave: (asked: boolean) => void = () => {};
    all.enter({ tenant: 's', endpoint, retry }, (over) => ([begun, leave] = [true, over]));
    return { begun: () => begun, leave: () => leave(true) };
  };

  test('are the most that retries have', () => {
    const all = open();
    const retries = Array.from({ length: 8 }, (_, n) => enter(all, `r${n}`, true));
    expect(retries.filter(({ begun }) => begun())).toHaveLength(4);
    expect(enter(all, 'good').begun()).toBe(true);
    retries[0]!.leave();
    expect(retries.filter(({ begun }) => begun())).toHaveLength(5);
  });

  test('are the most for an endpoint as soon as one request takes long', () => {
    const clock = steppedPerformance();
    try {
      const all = open();
      enter(all, 'late').leave();
      enter(all, 'late');
      clock.step(1001);
      const next = Array.from({ length: 7 }, () => enter(all, 'late'));
      expect(next.filter(({ begun }) => begun())).toHaveLength(4);
    } finally {
      clock.putBack();
    }
  });

  test('are the most that endpoints have which answer late, from when that is known of them until they are quick again', () => {
    const clock = steppedPerformance();
    try {
      const all = open();
      const names = Array.from({ length: 8 }, (_, n) => `late${n}`);
      const late = names.map((each) => enter(all, each));
      expect(late.every(({ begun }) => begun())).toBe(true);
      const next = names.map((each) => enter(all, each));
      clock.step(1001);
      late.forEach(({ leave }) => leave());
      expect(next.filter(({ begun }) => begun())).toHaveLength(4);
      enter(all, 'good').leave();
      const good = Array.from({ length: 4 }, () => enter(all, 'good'));
      expect(good.every(({ begun }) => begun())).toBe(true);
      good.forEach(({ leave }) => leave());
      next.forEach(({ leave }) => leave());
      const last = names.map((each) => enter(all, each));
      expect(last.filter(({ begun }) => begun())).toHaveLength(8);
    } finally {
      clock.putBack();
    }
  });
});

test('a retry of one tenant that leaves lets one of another begin, where together they have half of all places', () => {
  const all = new Limits({ perEndpoint: 8, perTenant: 8, altogether: 4 }, Infinity);
  const leaves: (() => void)[] = [];
  const begun: string[] = [];
  for (const tenant of ['s', 's', 't'])
    all.enter({ tenant, endpoint: `${tenant}${begun.length}`, retry: true }, (leave) => {
      begun.push(tenant);
      leaves.push(leave);
    });
  expect(begun).toEqual(['s', 's']);
  leaves[0]!();
  expect(begun).toEqual(['s', 's', 't']);
});

test('an endpoint has one place until it has answered', () => {
  const all = new Limits({ perEndpoint: 3, perTenant: 8, altogether: 8 }, Infinity);
  const leaves: ((asked?: boolean) => void)[] = [];
  const enter = () => all.enter({ tenant: 's', endpoint: 'a', retry: false }, (leave) => void leaves.push(leave));
  for (let n = 0; n < 6; n += 1) enter();
  expect(leaves).toHaveLength(1);
  // Nobody was asked: it had been paused meanwhile.
  leaves[0]!();
  expect(leaves).toHaveLength(2);
  leaves[1]!(true);
  expect(leaves).toHaveLength(5);
});

test('nobody waits for the first answer that another tenant has asked for', () => {
  const all = new Limits({ perEndpoint: 3, perTenant: 8, altogether: 8 }, Infinity);
  const begun: (string | null)[] = [];
  for (const tenant of ['s', 's', 't', null])
    all.enter({ tenant, endpoint: 'a', retry: false }, () => void begun.push(tenant));
  expect(begun).toEqual(['s', 't', null]);
});

test('a job that is over at once does not grow the stack', () => {
  const all = new Limits({ perEndpoint: 1, perTenant: 1, altogether: 1 }, Infinity);
  let [done, first] = [0, () => {}];
  all.enter({ tenant: 't', endpoint: 'a', retry: false }, (leave) => (first = leave));
  for (let n = 0; n < 20_000; n += 1)
    all.enter({ tenant: 't', endpoint: 'a', retry: false }, (leave) => {
      done += 1;
      leave();
    });
  first();
  expect(done).toBe(20_000);
});

/** Limits of two in a turn, and who has begun something: what begins is over at once. */
function twoInTurn() {
  const all = new Limits({ perEndpoint: 8, perTenant: 8, altogether: 8 }, 2);
  const begun: string[] = [];
  const enter = (tenant: string) =>
    all.enter({ tenant, endpoint: tenant, retry: false }, (leave) => {
      begun.push(tenant);
      leave();
    });
  return { begun, enter };
}

test('a tenant that is alone begins no more than its part in a turn of the loop, and goes on in the next', async () => {
  const { begun, enter } = twoInTurn();
  for (let n = 0; n < 5; n += 1) enter('s');
  for (const most of [2, 4, 5, 5]) {
    expect(begun).toHaveLength(most);
    await turn();
  }
});

test('of several, each begins its part in a turn, however much one of them wants', async () => {
  const { begun, enter } = twoInTurn();
  for (let n = 0; n < 5; n += 1) enter('s');
  enter('t');
  expect(begun).toEqual(['s', 's', 't']);
  while (begun.length < 5) await turn();
  expect(begun).toEqual(['s', 's', 't', 's', 's']);
  enter('t');
  while (begun.length < 7) await turn();
  expect(begun).toEqual(['s', 's', 't', 's', 's', 't', 's']);
});
