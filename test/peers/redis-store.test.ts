import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis as RedisModel, type RedisSettings } from '#platform/config/redis.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { storeContract } from '../store-contract.js';
import { entry, eventually, find } from '../store-contract/fixtures.js';
import { startSentinelGroup, type SentinelGroup } from './redis-sentinels.js';
import { startRedis, type RedisServer } from './redis-server.js';

let opened = 0;
/** Settings of a store that nobody has used. */
const settings = (where: object): RedisSettings => RedisModel.parse({ keyPrefix: `test-${(opened += 1)}:`, ...where });

/** `where`: settings that lead to a server, once it has been started. */
function contractOf(name: string, where: () => object): void {
  storeContract(name, async () => {
    const own = settings(where());
    const store = await openRedisStore(own);
    const reopen = async () => {
      await store.close();
      return openRedisStore(own);
    };
    return { store, reopen };
  });
}

const caOf = ({ folder }: RedisServer) => join(folder, 'certificate.pem');

describe('standalone', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.remove());
  contractOf('redis', () => ({ port: server.port }));
});

describe('TLS', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedis({ tls: selfSigned('redis') })));
  afterAll(() => server.remove());
  contractOf('redis over TLS', () => ({ port: server.port, tls: { ca: caOf(server) } }));
});

describe('Sentinels', () => {
  const secrets = { password: 'of-the-servers', sentinelPassword: 'of-the-sentinels' };
  let group: SentinelGroup;
  let ca: string;
  const where = () => ({ sentinels: group.sentinels, name: group.name, tls: { ca }, ...secrets });
  beforeAll(async () => {
    group = await startSentinelGroup({ ...secrets, replicas: 1, sentinels: 1, tls: selfSigned('redis') });
    ca = caOf(await group.primary());
  });
  afterAll(() => group.remove());
  contractOf('redis behind a Sentinel, all over TLS and with passwords', where);

  test('a failover is heard of and followed over TLS and with passwords', async () => {
    const store = await openRedisStore(settings(where()));
    await store.append({ entries: [entry('created', 'a', {})], owned: true });
    const [before, next] = [await group.primary(), (await group.replicas())[0]!];
    expect(store.servers().map(({ port }) => port)).toContain(before.port);
    await group.failover();
    await eventually(async () => store.servers().at(-1)?.port === next.port || undefined);
    expect(await eventually(() => find(store, 'a').catch(() => undefined))).toBeDefined();
    // Under a new id each time: a write that was refused because nobody confirmed it may stand.
    await eventually(() => store.put('tenant', `${performance.now()}`, {}, 0).catch(() => undefined));
    await store.close();
  });

  test('a Sentinel that wants another password is asked in vain, and nobody hears it', async () => {
    const opening = openRedisStore(settings({ ...where(), sentinelPassword: 'wrong-one' }), { within: 2000 });
    const error = (await opening.catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(error.message).not.toMatch(/wrong-one|of-the/);
  });
});
