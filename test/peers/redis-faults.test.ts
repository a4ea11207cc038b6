import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import { Redis as RedisModel, type RedisSettings } from '#platform/config/redis.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { entry, eventually, find, readAll, writeOne } from '../store-contract/fixtures.js';
import { startRedis, type RedisServer } from './redis-server.js';

/** Milliseconds: twice what a call may take, because the machine has other work. */
const bounded = 5000;
/** How often Redis is killed while it is written to. */
const kills = Number(process.env['NETWEAVE_REDIS_KILLS'] ?? 5);

let server: RedisServer;
const opened = new Set<Store>();
let prefixes = 0;
beforeAll(async () => void (server = await startRedis()));
afterAll(async () => {
  for (const store of opened) await store.close();
  await server.remove();
});

const settings = (more: object = {}): RedisSettings =>
  RedisModel.parse({ port: server.port, keyPrefix: `test-${(prefixes += 1)}:`, ...more });

async function open(where: RedisSettings = settings()): Promise<Store> {
  const store = await openRedisStore(where);
  opened.add(store);
  return store;
}

/** The fault of a call, and how long it took to come. */
async function refusal(call: Promise<unknown>): Promise<Fault & { readonly after: number }> {
  const began = performance.now();
  const fault = await call.then(
    () => {
      throw new Error('Nothing was refused.');
    },
    (error: unknown) => error as Fault,
  );
  expect(fault).toMatchObject({ code: 'UNAVAILABLE', detail: { at: 'store', retryAfter: 2 } });
  return Object.assign(fault, { after: performance.now() - began });
}

describe('opening', () => {
  test('refuses a server that would evict state, and takes one that evicts a cache', async () => {
    const policy = (name: string, memory: string) =>
      server.ask(async (redis) => {
        await redis.config('SET', 'maxmemory-policy', name);
        await redis.config('SET', 'maxmemory', memory);
      });
    for (const evicting of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random']) {
      await policy(evicting, '200mb');
      expect((await refusal(open())).message).toContain(`(maxmemory-policy ${evicting}). Set maxmemory-policy`);
    }
    await policy('allkeys-lru', '0');
    await open();
    await policy('volatile-lru', '200mb');
    await open();
    await policy('noeviction', '0');
  });

  test('needs no dangerous command, and tells a wrong password at once', async () => {
    const file = join(server.folder, 'password');
    writeFileSync(file, 'secret\n');
    const rights = ['~mine:*', '&mine:*', '+@all', '-@dangerous', '+info'];
    await server.ask((redis) => redis.call('ACL', 'SETUSER', 'gateway', 'on', '>secret', ...rights));
    const user = { username: 'gateway', keyPrefix: 'mine:' };
    const store = await open(settings({ ...user, passwordFile: file }));
    await writeOne(store, entry('created', 'a', {}));
    expect(await store.put('tenant', 't', {}, 0)).toBeGreaterThan(0);
    await store.appendAudit({ at: '', requestId: 'r', principal: 'p', tenant: null, operation: 'o', stage: 'intent' });
    const wrong = await refusal(open(settings({ ...user, password: 'guess' })));
    expect(wrong.message).toContain('Correct store.redis.username and store.redis.password');
    expect(wrong.after).toBeLessThan(bounded);
    expect((await refusal(open(settings({ ...user, passwordFile: '/nowhere' })))).message).toContain("'/nowhere'");
    expect((await refusal(open(settings({ ...user, keyPrefix: 'theirs:', password: 'secret' })))).message).toContain(
      'forbids a command',
    );
  });

  test('refuses what a newer release or another program wrote, and a server that is not there', async () => {
    await server.ask((redis) => redis.mset({ 'newer:schema': '999', 'other:schema': 'v2' }));
    expect((await refusal(open(settings({ keyPrefix: 'newer:' })))).message).toContain('newer netweave (schema 999');
    expect((await refusal(open(settings({ keyPrefix: 'other:' })))).message).toContain('another program');
    expect((await refusal(open(settings({ port: 1 })))).message).toContain('127.0.0.1:1 cannot be reached (connect');
  });

  test('speaks TLS with a server that the authorities know', async () => {
    const pair = selfSigned('redis');
    const secured = await startRedis({ tls: pair });
    try {
      const ca = join(secured.folder, 'certificate.pem');
      const where = settings({ port: secured.port, tls: { ca } });
      const store = await openRedisStore(where);
      await writeOne(store, entry('created', 'a', {}));
      expect(await find(store, 'a')).toBeDefined();
      await store.close();
      expect((await refusal(open(settings({ port: secured.port, tls: {} })))).message).toContain('self-signed');
    } finally {
      await secured.remove();
    }
  });
});

test('a renewed certificate is trusted at the next connection, half a file never', async () => {
  const [first, renewed] = [selfSigned('redis'), selfSigned('redis')];
  const secured = await startRedis({ tls: first });
  const at = (name: string) => join(secured.folder, `${name}.pem`);
  const [ca, certificate, key] = [at('ca'), at('renewed'), at('renewed-key')];
  writeFileSync(ca, first.certificate);
  const where = settings({ port: secured.port, tls: { ca } });
  const store = await openRedisStore(where);
  const connectedAnew = async () => {
    await secured.ask((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal')).catch(() => undefined);
    await eventually(() => find(store, 'a').catch(() => undefined));
  };
  try {
    await writeOne(store, entry('created', 'a', {}));
    writeFileSync(ca, renewed.certificate.slice(0, 200));
    await connectedAnew();
    expect((await refusal(openRedisStore(where))).message).toContain('in PEM that belong together');
    writeFileSync(ca, renewed.certificate);
    writeFileSync(certificate, renewed.certificate);
    writeFileSync(key, renewed.key);
    await secured.ask(async (redis) => {
      await redis.config('SET', 'tls-cert-file', certificate, 'tls-key-file', key);
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => undefined);
    });
    await eventually(() => find(store, 'a').catch(() => undefined));
  } finally {
    await store.close();
    await secured.remove();
  }
});

test('no state expires; leases and token buckets do', async () => {
  const { keyPrefix } = settings();
  const store = await open(settings({ keyPrefix }));
  await store.append({
    entries: [entry('created', 'a', {}, {}, ['all'])],
    cursor: { instance: 'east', cursor: { pods: '1' } },
  });
  await store.put('tenant', 't', {}, 0);
  await store.lease('shard/1', 'me', 60_000);
  await store.takeTokens('caller', 1, 0.01, 10);
  await store.appendAudit({ at: '', requestId: 'r', principal: 'p', tenant: null, operation: 'o', stage: 'intent' });
  const expiring = await server.ask(async (redis) => {
    const names = await redis.keys(`${keyPrefix}*`);
    const left = await Promise.all(names.map(async (name) => [name, await redis.pttl(name)] as const));
    expect(left.length).toBeGreaterThan(10);
    return left.filter(([, ttl]) => ttl !== -1).map(([name]) => name.slice(keyPrefix.length));
  });
  expect(expiring.sort()).toStrictEqual(['lease:shard/1', 'tokens:caller']);
});

/** Appends one after another until told to stop; what was acknowledged, and what was refused. */
function writing(store: Store, owned: boolean, name = 'w') {
  const [acknowledged, refused]: [string[], string[]] = [[], []];
  const faults: Fault[] = [];
  let going = true;
  const ended = (async () => {
    for (let n = 0; going; n += 1) {
      const batch = { entries: [entry('created', `${name}${n}`, { n })], ...(owned ? { owned: true as const } : {}) };
      await store.append(batch).then(
        () => acknowledged.push(`${name}${n}`),
        (error: Fault) => {
          refused.push(`${name}${n}`);
          faults.push(error);
        },
      );
    }
  })();
  const stop = async () => {
    going = false;
    await ended;
    return { acknowledged, refused, faults };
  };
  return { acknowledged, stop };
}

const more = (list: readonly unknown[], than = list.length) =>
  eventually(async () => (list.length > than + 20 ? true : undefined));

/** Puts a document under ever new ids, because one that was refused may stand; the id that was confirmed. */
async function putEventually(store: Store): Promise<string> {
  for (let n = 0; ; n += 1) {
    const written = await store.put('tenant', `try-${n}`, {}, 0).catch(() => undefined);
    if (written !== undefined) return `try-${n}`;
    await sleep(20);
  }
}

describe('a server that is lost', () => {
  // With `everysec` a Redis whose disk is slow answers up to two seconds before it hands a write to the operating system.
  test('and comes back has everything acknowledged once, and the store goes on by itself', async () => {
    const sure = await startRedis({ settings: ['appendfsync always'] });
    const store = await open(settings({ port: sure.port }));
    const writers = ['a', 'b', 'c', 'd'].map((name) => writing(store, name < 'c', name));
    const all = () => Promise.all(writers.map(({ acknowledged }) => more(acknowledged)));
    for (let round = 0; round < kills; round += 1) {
      await all();
      await sure.kill();
      await sure.start();
    }
    await all();
    const written = await Promise.all(writers.map(({ stop }) => stop()));
    const ids = (await readAll(store, undefined, 1_000_000)).map(({ id }) => id);
    // Nothing is written twice, and what was refused may be there only if it was on its way.
    expect(new Set(ids).size).toBe(ids.length);
    for (const [at, { acknowledged, refused, faults }] of written.entries()) {
      for (const fault of faults) expect(fault).toMatchObject({ code: 'UNAVAILABLE', detail: { retryAfter: 2 } });
      const own = ids.filter((id) => id.startsWith('abcd'[at]!));
      const uncertain = new Set(refused);
      expect(own.filter((id) => !uncertain.has(id))).toStrictEqual(acknowledged);
      expect(own.filter((id) => uncertain.has(id)).length).toBeLessThanOrEqual(kills);
    }
    await store.close();
    await sure.remove();
    const count = written.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    console.log(`${kills} kills of Redis, ${count} writes acknowledged, none of them lost`);
  });

  test('is refused quickly while it is away, and wakes who listens when it is back', async () => {
    const store = await open();
    let woken = 0;
    store.onAppend(() => (woken += 1));
    await server.kill();
    for (const call of [() => store.head(), () => store.put('tenant', 't', {}, 0)]) {
      expect((await refusal(call())).after).toBeLessThan(bounded);
    }
    await server.start();
    await eventually(async () => woken || undefined);
    await putEventually(store);
  });

  test('loses no connection twice: what was on its way is not sent again', async () => {
    const store = await open();
    const writer = writing(store, false);
    for (let round = 0; round < 10; round += 1) {
      await more(writer.acknowledged);
      await server.ask((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'));
    }
    await more(writer.acknowledged);
    const { acknowledged, refused } = await writer.stop();
    const ids = (await readAll(store, undefined, 1_000_000)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !refused.includes(id))).toStrictEqual(acknowledged);
  });
});

test('a server that hangs is refused within seconds, and used again when it wakes', async () => {
  const store = await open();
  await writeOne(store, entry('created', 'a', {}));
  server.pause();
  const calls = [store.head(), store.put('tenant', 't', {}, 0), store.append({ entries: [entry('created', 'b', {})] })];
  for (const fault of await Promise.all(calls.map(refusal))) {
    expect(fault.message).toContain('did not answer in time; what was asked may have been done');
    expect(fault.after).toBeLessThan(bounded);
  }
  // Long enough for the connection to be given up as well.
  await sleep(4000);
  expect((await refusal(store.head())).after).toBeLessThan(bounded);
  server.resume();
  await eventually(() => store.head().catch(() => undefined));
  await eventually(() => writeOne(store, entry('created', 'c', {})).catch(() => undefined));
  expect(await find(store, 'c')).toBeDefined();
});

describe('owned writes', () => {
  test('are refused while a connected replica does not confirm them; others are not', async () => {
    const replica = await startRedis({ settings: [`replicaof 127.0.0.1 ${server.port}`] });
    try {
      await eventually(async () => {
        const info = await server.ask((redis) => redis.info('replication'));
        return info.includes('state=online') || undefined;
      });
      const store = await open();
      const kept = await putEventually(store);
      replica.pause();
      const owned = store.append({ entries: [entry('created', 'a', {})], owned: true });
      const refused = await Promise.all([owned, store.put('tenant', 't', {}, 0)].map(refusal));
      for (const fault of refused) {
        expect(fault.message).toContain('only 0 of 1 replicas confirmed within 1 s');
        expect(fault.after).toBeLessThan(bounded);
      }
      expect(await store.put('place', 'loose', {}, 0, { loose: true })).toBeGreaterThan(0);
      await writeOne(store, entry('created', 'b', {}));
      // What changes nothing has nothing to lose.
      expect(await store.put('tenant', kept, {}, 0)).toBeUndefined();
      replica.resume();
      await putEventually(store);
      await replica.kill();
      expect((await refusal(store.put('tenant', 'gone', {}, 0))).message).toContain('0 of 1 replicas');
    } finally {
      await replica.remove();
    }
  });

  test('need as many replicas as are configured', async () => {
    const store = await open(settings({ replicas: 1 }));
    await writeOne(store, entry('created', 'a', {}));
    expect((await refusal(store.put('tenant', 't', {}, 0))).message).toContain('0 of 1 replicas');
  });
});
