import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import { Redis as RedisModel } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { openGatewayUnderTest, until } from '../gateway-under-test.js';
import { entry, eventually, find, write } from '../store-contract/fixtures.js';
import { startRedis, type RedisServer } from './redis-server.js';

let server: RedisServer;
beforeEach(async () => {
  server = await startRedis({ settings: ['maxmemory 64mb', 'maxmemory-policy noeviction'] });
});
afterEach(() => server.remove());

const policy = (name: string) => server.ask((redis) => redis.config('SET', 'maxmemory-policy', name));
const loseHead = () => server.ask((redis) => redis.del('netweave:head'));

const evicting = {
  code: 'UNAVAILABLE',
  message: expect.stringMatching(/\(maxmemory-policy allkeys-random\)\. Set maxmemory-policy to noeviction/),
};
const lost = {
  code: 'UNAVAILABLE',
  message: expect.stringMatching(/has lost state: .* empty store\.redis\.keyPrefix, and restore a backup\.$/),
};

describe('a store that stands', () => {
  let store: Store;
  let written = 0;
  const open = () => openRedisStore(RedisModel.parse({ port: server.port }));
  beforeEach(async () => void (store = await open()));
  afterEach(() => store.close());

  /** Each way of writing state, by what it was refused with. */
  async function refusals(): Promise<readonly (Fault | undefined)[]> {
    const id = `w${(written += 1)}`;
    const audited = { at: '', requestId: 'r', principal: 'p', tenant: null, operation: 'o', stage: 'intent' } as const;
    const writes = [
      store.append({ entries: [entry('created', id, {})] }),
      store.append({ entries: [entry('created', `${id}-owned`, {})], owned: true }),
      store.put('delivery', id, {}, 0),
      store.put('delivery', `${id}-loose`, {}, 0, { loose: true }),
      store.remove('delivery', 'none', 1),
      store.remove('delivery', 'none', 1, { loose: true }),
      store.appendAudit(audited),
    ];
    const ends = await Promise.allSettled<unknown>(writes);
    return ends.map((end) => (end.status === 'rejected' ? (end.reason as Fault) : undefined));
  }
  const unfit = () => eventually(async () => store.unfit());
  const all = <T>(one: T) => Array.from({ length: 7 }, () => one);

  test('refuses all state while its server may evict it, reads on, and writes again when that is over', async () => {
    await write(store, { entries: [entry('created', 'pool', {})] });
    await policy('allkeys-random');
    await unfit();
    // Both connections look, each in its own time.
    await until(async () => (await refusals()).every((fault) => fault !== undefined));
    expect(await refusals()).toMatchObject(all(evicting));
    expect(await find(store, 'pool')).toBeDefined();
    await policy('noeviction');
    await until(() => store.unfit() === undefined);
    expect(await refusals()).toEqual(all(undefined));
  });

  test('writes nothing to one that evicts since it was connected anew', async () => {
    expect(await refusals()).toEqual(all(undefined));
    await server.kill();
    appendFileSync(join(server.folder, 'redis.conf'), 'maxmemory-policy allkeys-random\n');
    const back = server.start();
    let ends: readonly (Fault | undefined)[] = [];
    const refused = () => ends.every((fault) => fault?.message.includes('maxmemory-policy') === true);
    for (; ends.length === 0 || !refused(); await nextTurn()) {
      ends = await refusals();
      expect(ends).not.toContain(undefined);
    }
    await back;
  });

  test('says that state was lost when the log goes on beyond its head, and is not opened again', async () => {
    await write(store, { entries: [entry('created', 'pool', {})] });
    await loseHead();
    await expect(write(store, { entries: [entry('created', 'other', {})] })).rejects.toMatchObject(lost);
    expect(await unfit()).toMatchObject(lost);
    await expect(open()).rejects.toMatchObject(lost);
  });
});

test('a gateway is not ready, with the reason, while its store may evict state or has lost some', async () => {
  const gateway = await openGatewayUnderTest({
    simulators: { east: { embedded: { seed: 1, size: 20, changesPerSecond: 0 } } },
    store: { redis: { port: server.port } },
    yaml: `key: ${Buffer.alloc(32, 7).toString('base64')}`,
  });
  const readiness = async () => {
    const { status, text } = await gateway.send('/readyz?verbose');
    return `${status} ${text.split('\n')[0]}`;
  };
  const becomes = (said: string) => until(async () => (await readiness()).includes(said));
  expect(await readiness()).toBe('200 [+] store: ok');
  await policy('allkeys-random');
  await becomes('503 [-] store: not to be written to (The Redis store');
  expect(await readiness()).toContain('(maxmemory-policy allkeys-random). Set');
  expect((await gateway.send('/netweave/v1/resourcePools')).status).toBe(200);
  await policy('noeviction');
  await becomes('200 [+] store: ok');
  await loseHead();
  await becomes('503 [-] store: not to be written to (The Redis store');
  expect(await readiness()).toContain('restore a backup');
  await gateway.close();
});
