import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ownServers } from './own-servers.js';

test('a name that was never resolved is asked for again, but not by everyone who calls', async () => {
  let asked = 0;
  let known = false;
  const resolve = async () => {
    asked += 1;
    if (!known) throw new Error('ENOTFOUND');
    return ['10.0.0.7'];
  };
  const own = ownServers(() => [{ host: 'redis.example' }], resolve);
  await own.refresh();
  for (let each = 0; each < 1000; each += 1) expect(own.refresh()).toBeUndefined();
  expect([asked, own.holds('10.0.0.7', 6379)]).toEqual([1, false]);
  known = true;
  while (!own.holds('10.0.0.7', 6379)) {
    await own.refresh();
    await sleep(10);
  }
  // Known enough from now on: a look that fails takes nothing away, and nobody waits for one.
  known = false;
  expect([own.refresh(), own.holds('10.0.0.7', 6379)]).toEqual([undefined, true]);
});

test('a name that comes while another is looked up is waited for too', async () => {
  const { promise: never } = Promise.withResolvers<readonly string[]>();
  const names = ['slow.example'];
  const own = ownServers(
    () => names.map((host) => ({ host })),
    async (name) => (name === 'slow.example' ? never : ['10.0.0.8']),
  );
  void own.refresh();
  names[0] = 'new.example';
  await own.refresh();
  expect(own.holds('10.0.0.8', 80)).toBe(true);
});
