import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { manualClock } from '#platform/testing/manual-clock.js';
import { until, world, type World } from '../testing/deliveries.js';
import { answer, receiver, type Behaviour, type Receiver } from '../testing/receiver.js';
import { retryPolicy } from './policy.js';

const hour = 3_600_000;

let house: World;
let to: Receiver;
/** Takes everything: what has come to it would have come to the other. */
let witness: Receiver;
beforeEach(async () => {
  to = await receiver();
  witness = await receiver();
});
afterEach(async () => {
  await house.close();
  for (const each of [to, witness]) await each.close();
});

/** The states that the log tells of a subscription, change by change. */
async function statesOf(id: string): Promise<readonly unknown[]> {
  const read = await house.store.read({ seq: 0, tag: '0' }, 10_000);
  if (read.outcome !== 'read') throw new Error(read.outcome);
  return read.changes.filter((change) => change.id === id).map(({ after }) => after?.value['state']);
}

test('72 hours without success disable a subscription with one change, and nothing more is posted', async () => {
  const clock = manualClock(Date.now());
  house = await world({ clock });
  const id = await house.subscribe(to.url);
  await house.subscribe(witness.url);
  // Each attempt comes an hour after the one before, to the millisecond.
  to.behave(answer(503, { 'Retry-After': '3600' }));
  await house.deliverer({ policy: retryPolicy, logKeeps: 1000 * hour, random: () => 0 });
  await house.change('x', 'y');
  for (let hours = 0; hours < 72; hours += 1) {
    await until(() => house.counts.failed === hours + 1);
    // Each is signed anew: a receiver takes none that is older than minutes.
    expect(to.all.at(-1)!.headers['webhook-timestamp']).toBe(String(Math.floor(clock.now() / 1000)));
    expect((await house.row(id)).value['state']).not.toBe('disabled');
    await clock.advance(hour);
  }
  await until(async () => (await house.row(id)).value['state'] === 'disabled');
  expect((await house.row(id)).value['stateReason']).toMatch(/^No notification was taken for 72 h; .* 503/);
  for (let hours = 0; hours < 24; hours += 1) await clock.advance(hour);
  await house.change('z');
  await until(() => witness.all.length === 3);
  expect(to.all).toHaveLength(73);
  expect(await statesOf(id)).toEqual(['active', 'degraded', 'disabled']);
});

test.each([
  ['answered 410', 410, retryPolicy],
  ['failed when a subscription may fail no longer', 500, { ...retryPolicy, disableAfter: 0 }],
])('eight posts at once, all %s, disable it with one change', async (_, status, policy) => {
  house = await world();
  const open: Parameters<Behaviour>[] = [];
  const id = await house.subscribe(to.url, { ordering: 'resource' });
  const deliverer = await house.deliverer({ policy });
  // Until it has answered, it is asked one at a time.
  await house.change('first');
  await until(() => house.counts.delivered === 1);
  to.behave((...asked) => {
    if (open.push(asked) === 8) for (const each of open) answer(status)(...each);
  });
  await house.change(...Array.from({ length: 12 }, (__, n) => `o${n}`));
  await until(() => house.counts.failed === 8);
  // Whatever they have to say of the subscription is in the log then.
  await deliverer.stop();
  expect(await statesOf(id)).toEqual(['active', 'disabled']);
  expect(to.all).toHaveLength(9);
});
