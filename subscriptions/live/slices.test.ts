import { expect, test } from '@jest/globals';
import type { Told } from './stream.js';
import { busiestTurn, work } from '#platform/testing/busiest-turn.js';
import { until } from '../testing/deliveries.js';
import { audience, memory } from '../testing/listeners.js';

const names = (count: number) => Array.from({ length: count }, (_each, index) => `x${index}`);

test('others have the loop while many streams are asked whether they want a change', async () => {
  const house = await audience(await memory());
  const loop = busiestTurn();
  const wants = () => {
    loop.did();
    work(0.25);
    return true;
  };
  const listeners = names(200).map((key) => house.listen({ key, wants }));
  await house.happen('a', 'b');
  await until(() => listeners.every(({ heard }) => heard.length === 2));
  // A piece of two may begin at the end of a slice of eight.
  expect(loop.most()).toBeLessThan(24);
  await house.close();
});

test('others have the loop while many members are told, each in order', async () => {
  const house = await audience(await memory());
  const loop = busiestTurn();
  const heard = names(400).map((): string[] => []);
  for (const own of heard)
    house.hub.join<string>(
      { key: 'all', wants: () => true, tell: ({ change }) => Promise.resolve(change.id) },
      {
        take(told) {
          loop.did();
          work(0.1);
          own.push(...told.map(({ what }) => what));
          return told.length;
        },
        whenRoom: () => undefined,
        end: () => undefined,
      },
    );
  const ids = names(8);
  for (const id of ids) await house.happen(id);
  await until(() => heard.every(({ length }) => length === ids.length));
  expect(heard.every((own) => own.join() === ids.join())).toBe(true);
  expect(loop.most()).toBeLessThan(60);
  await house.close();
});

test('an execution has its turn to the end: the next one waits for what its promises do', async () => {
  const house = await audience(await memory());
  const loop = busiestTurn();
  const steps = 10;
  const tell = async () => {
    // As DataLoader batches: behind all that promises have to do.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    for (let step = 0; step < steps; step += 1) {
      await Promise.resolve();
      loop.did();
      work(0.5);
    }
    return 'told';
  };
  const listeners = names(40).map((key) => house.listen({ key, tell }));
  await house.happen('a');
  await until(() => listeners.every(({ heard }) => heard.length === 1));
  expect(loop.most()).toBeLessThan(3 * steps);
  await house.close();
});

test('an execution that waits for something else keeps others for no longer than a turn of the loop', async () => {
  const house = await audience(await memory());
  const never = new Promise<string>(() => undefined);
  const stuck = names(20).map((key) => house.listen({ key, tell: () => never }));
  const other = house.listen({ key: 'other' });
  await house.happen('a');
  await until(() => other.heard.length === 1);
  expect(stuck.every(({ heard }) => heard.length === 0)).toBe(true);
  await house.close();
});

test('of more changes than may wait while others are told nothing is lost: all read on from the log', async () => {
  const view = Promise.withResolvers<void>();
  const house = await audience(await memory(), () => view.promise);
  const [one, other] = [house.listen(), house.listen({ key: 'other' })];
  const ids = names(3000);
  for (let start = 0; start < ids.length; start += 100) await house.happen(...ids.slice(start, start + 100));
  // So that the hub has heard of all of them.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const place = one.seat.position();
  view.resolve();
  await until(() => [one, other].every(({ heard }) => heard.length === ids.length));
  expect(place!.seq).toBeLessThan(one.heard[0]!.position.seq);
  for (const { heard } of [one, other]) expect(heard.map(({ what }) => what.split(' ')[0])).toEqual(ids);
  await house.close();
});

test('a crowd that comes back from one place is told what was made once, and waits for it once', async () => {
  const house = await audience(await memory());
  const [first] = await house.happen('before');
  for (let batch = 0; batch < 15; batch += 1) await house.happen(...names(100));
  const heard = names(50).map((): (readonly Told<string>[])[] => []);
  for (const own of heard)
    house.hub.join<string>(
      { key: 'all', wants: () => true, tell: ({ change }) => Promise.resolve(change.id) },
      {
        take(told) {
          own.push(told);
          return told.length;
        },
        whenRoom: () => undefined,
        end: () => undefined,
      },
      first,
    );
  await until(() => heard.every((own) => own.flat().length === 100));
  // The list itself, not one like it.
  expect(new Set(heard.map(([told]) => told)).size).toBe(1);
  await house.close();
});

test('a tenant that is told little does not wait for all that another is told', async () => {
  const house = await audience(await memory());
  let made = 0;
  const tell = () => {
    work(0.25);
    made += 1;
    return Promise.resolve('dear');
  };
  const dear = names(400).map((key) => house.listen({ key, tenant: 'red', tell }));
  let before = 0;
  const tellOf = () => Promise.resolve(`behind ${(before = made)}`);
  const cheap = house.listen({ key: 'cheap', tenant: 'green', tell: tellOf });
  await house.happen('a');
  await until(() => cheap.heard.length === 1 && dear.every(({ heard }) => heard.length === 1));
  expect(before).toBeLessThan(40);
  await house.close();
});

test.each(['red', undefined])('nor for the filters of another, nor of those without one: %p', async (tenant) => {
  const house = await audience(await memory());
  let asked = 0;
  const wants = () => {
    work(0.25);
    asked += 1;
    return false;
  };
  for (const key of names(400)) house.listen({ key, tenant, wants });
  let before = 0;
  const tellOf = () => Promise.resolve(`behind ${(before = asked)}`);
  const cheap = house.listen({ key: 'cheap', tenant: 'green', tell: tellOf });
  await house.happen('a');
  await until(() => cheap.heard.length === 1);
  expect(before).toBeLessThan(40);
  // While they are still being asked, too.
  await house.happen('b');
  const then = asked;
  await until(() => cheap.heard.length === 2);
  expect(before - then).toBeLessThan(80);
  await house.close();
});

test('nor for one that is as far behind, with filters that take long', async () => {
  const house = await audience(await memory());
  const [since] = await house.happen('before');
  for (let batch = 0; batch < 12; batch += 1) await house.happen(...Array<string>(1000).fill('x'));
  const [last] = await house.happen('last');
  let asked = 0;
  const wants = () => {
    work(0.05);
    asked += 1;
    return true;
  };
  const dear = names(20).map((key) => house.listen({ key, tenant: 'red', wants }, since));
  const cheap = house.listen({ key: 'cheap', tenant: 'green' }, since);
  await until(() => cheap.seat.position()?.seq === last!.seq);
  // The first window alone asks red's 200,000 times.
  expect(asked).toBeLessThan(100_000);
  for (const { leave } of dear) leave();
  // Nobody is asked for those who have left.
  const then = asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(then);
  await house.close();
});

test('what a window has for a stream is asked once, for all within and for who comes behind them', async () => {
  const house = await audience(await memory());
  const [since] = await house.happen('before');
  await house.happen(...names(100));
  for (let batch = 0; batch < 14; batch += 1) await house.happen(...Array<string>(100).fill('y'));
  const other = house.listen({ key: 'other' }, since);
  await until(() => other.heard.length === 101);
  let asked = 0;
  const wants = () => (asked += 1) > 0;
  const far = (room?: number) => house.listen({ wants }, since, room);
  const slow = far(10);
  await until(() => slow.heard.length === 10);
  const quick = far();
  await until(() => quick.heard.length === 101);
  slow.rest(10);
  await until(() => slow.heard.length === 20);
  expect(asked).toBe(1500);
  slow.rest(Infinity);
  await until(() => slow.heard.length === 101);
  const gone = far(0);
  gone.leave();
  const late = far();
  await until(() => late.heard.length === 101);
  expect(asked).toBe(1500);
  await house.close();
});
