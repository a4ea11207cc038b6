import { expect, test } from '@jest/globals';
import { until, world } from '../testing/deliveries.js';
import { answer, good, receiver } from '../testing/receiver.js';
import { kinds } from './documents.js';

const never = new AbortController().signal;

test('a place ahead of what is owed takes nothing of it away; a time must be one, and have been', async () => {
  const house = await world();
  const to = await receiver(answer(503));
  const id = await house.subscribe(to.url);
  await house.deliverer();
  await house.change('x', 'x', 'x');
  await until(() => to.all.length > 0);
  const { seq, tag } = await house.store.head();
  await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
  await until(async () => (await house.store.ids(kinds.replay)).length === 0);
  to.behave(good);
  await until(async () => (await house.deliveries.status(house.subscriber(id))).delivered === 3);
  for (const since of ['2999-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-28', 'yesterday'])
    await expect(house.deliveries.replay(house.subscriber(id), { since }, never)).rejects.toMatchObject({
      code: 'INVALID',
      detail: { at: 'since' },
    });
  await house.close();
  await to.close();
});

test('who was owed nothing for longer than the log is kept can be replayed from where it is kept', async () => {
  const house = await world();
  const to = await receiver(good);
  const id = await house.subscribe(to.url, { filter: 'quiet' });
  await house.deliverer({ recent: { entries: 50, bytes: 1e7 } });
  await house.change('quiet-1');
  await until(() => to.all.length === 1);
  for (let batch = 0; batch < 8; batch += 1) await house.change(...Array<string>(50).fill('noise'));
  const { seq, tag } = await house.store.head();
  await house.store.trim({ hours: 0, bytes: 1 });
  for (let batch = 0; batch < 4; batch += 1) await house.change(...Array<string>(50).fill('noise'));
  await house.deliveries.replay(house.subscriber(id), { since: `${seq}.${tag}` }, never);
  await until(async () => (await house.store.ids(kinds.replay)).length === 0);
  await house.change('quiet-2');
  await until(() => to.all.length === 2);
  expect((await house.row(id)).value['state']).toBe('active');
  await house.close();
  await to.close();
});
