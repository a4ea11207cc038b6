import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OutboundFault } from '#platform/outbound/fault.js';
import type { Outbound } from '#platform/outbound/client.js';
import { nameServer } from '#platform/testing/name-server.js';
import { callbackUrls, type Fate } from '#test/golden/callback-urls.js';
import { here, receiver, underTest, type Receiver } from './receiver.js';

const addresses: Readonly<Record<string, readonly string[]>> = {
  'loopback.example.com': ['127.0.0.1'],
  'loopback6.example.com': ['::1'],
  'mapped.example.com': ['::ffff:127.0.0.1'],
  'metadata.example.com': ['169.254.169.254'],
  'metadata6.example.com': ['fd00:ec2::254'],
  'unspecified.example.com': ['0.0.0.0'],
  'nat64.example.com': ['64:ff9b::7f00:1'],
  'good-and-loopback.example.com': [here, '127.0.0.1'],
  'loopback-and-good.example.com': ['127.0.0.1', here],
  'scoped.example.com': ['fe80::1%lo'],
  'nonsense.example.com': ['127.1'],
  '127.0.0.1.localtest.example': ['127.0.0.1'],
  'xn--bcher-kva.example.com': ['127.0.0.1'],
  'broadcast.example.com': ['255.255.255.255'],
  'elsewhere.example.org': ['127.0.0.1'],
  'good.example.com': [here],
};
const resolve = (name: string) =>
  addresses[name]
    ? Promise.resolve(addresses[name])
    : Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
const allow = ['0.0.0.0/0', '::/0', '*.example.com', '*.localtest.example'];

let canary: Receiver;
let good: Receiver;
let client: Outbound;

beforeAll(async () => {
  canary = await receiver((_, response) => void response.end('tweet'), '127.0.0.1');
  good = await receiver((request, response) => void response.writeHead(204, { 'x-host': request.headers.host! }).end());
  client = underTest({ allow, resolve });
});

afterAll(async () => {
  client.close();
  await Promise.all([canary.close(), good.close()]);
});

const at = (url: string) => url.replaceAll('PORT', String(canary.port));

async function faultOf(promise: Promise<unknown>): Promise<OutboundFault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OutboundFault) return error;
    throw error;
  }
  throw new Error('It was called.');
}

describe('the corpus', () => {
  test('is long, and says nothing twice', () => {
    const all = Object.values(callbackUrls).flat();
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(new Set(all).size).toBe(all.length);
  });

  const rows = (['grammar', 'policy', 'name'] as const).flatMap((fate) =>
    callbackUrls[fate].map((url): [Fate, string] => [fate, url]),
  );
  test.each(rows)('%s refuses %j', async (fate, url) => {
    const fault = await faultOf(client.post(at(url), { body: '{}' }));
    expect(fault.reason).toBe('refused-by-policy');
    expect(fault.code).toBe(fate === 'grammar' ? 'INVALID' : 'UNPROCESSABLE');
    expect(fault.detail.at).toBe('callback');
    expect(fault.message).toMatch(/^The .+\.$/);
    if (fate !== 'name') expect(() => client.check(at(url))).toThrow(fault.message);
  });

  test('reached the canary not once, and the allowed receiver when asked', async () => {
    expect(canary.connections).toBe(0);
    for (const host of [here, 'good.example.com']) {
      const answer = await client.post(`http://${host}:${good.port}/hook`, { body: '{}' });
      expect([answer.status, answer.address]).toEqual([204, here]);
    }
    expect(good.connections).toBe(2);
  });
});

/** A resolver remembers what it found for a second. */
const memoryOver = () => new Promise((resolve) => setTimeout(resolve, 1100));

describe('a name that is bound anew', () => {
  test('on its second query: 0 of 1,000 attempts on the canary’s port reach the canary', async () => {
    const queries = new Map<string, number>();
    const server = await nameServer((name) => {
      queries.set(name, (queries.get(name) ?? 0) + 1);
      return queries.get(name) === 1 ? here : '127.0.0.1';
    });
    const beside = await receiver((_, response) => void response.writeHead(204).end(), here, canary.port);
    const rebound = underTest({ allow: ['*.example.com'], resolve: server.resolver() });
    const names = Array.from({ length: 500 }, (_, at) => `flip-${at}.example.com`);
    const outcomes: Record<string, number> = {};
    for (const round of ['first', 'second']) {
      if (round === 'second') await memoryOver();
      for (const name of names) {
        const call = rebound.post(`http://${name}:${canary.port}/`, { body: '{}' });
        const outcome = await call.then(
          ({ address }) => address,
          (fault: OutboundFault) => fault.reason,
        );
        outcomes[`${round}: ${outcome}`] = (outcomes[`${round}: ${outcome}`] ?? 0) + 1;
      }
    }
    rebound.close();
    server.close();
    await beside.close();
    expect(outcomes).toEqual({ [`first: ${here}`]: 500, 'second: refused-by-policy': 500 });
    expect([...queries]).toEqual(names.map((name) => [name, 2]));
    expect(canary.connections).toBe(0);
  }, 120_000);

  test('between two attempts on the canary’s port never reaches it', async () => {
    let queries = 0;
    const rebound = underTest({
      allow: ['*.example.com'],
      resolve: () => Promise.resolve([['127.0.0.1', here][queries++ % 2]!]),
    });
    for (let attempt = 0; attempt < 100; attempt++)
      await faultOf(rebound.post(`http://flip.example.com:${canary.port}/`, { body: '{}' }));
    rebound.close();
    expect(canary.connections).toBe(0);
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308, 300, 304])('with %d is an answer and leads nowhere', async (status) => {
    const location = `http://127.0.0.1:${canary.port}/`;
    const sender = await receiver(
      (_, response) => void response.writeHead(status, { location, refresh: `0; ${location}` }).end(),
    );
    expect((await client.post(sender.url, { body: '{}' })).status).toBe(status);
    expect([sender.connections, canary.connections]).toEqual([1, 0]);
    await sender.close();
  });
});

describe('our own servers', () => {
  test('are called by nobody, by whatever name, though the lists admit them', async () => {
    const own = () => [
      { host: here, port: good.port },
      { host: 'redis.example.com' },
      { host: '0.0.0.0', port: 9 },
      { host: 'ingress.example.com', port: 443, shared: true },
    ];
    const names = { ...addresses, 'redis.example.com': ['192.0.2.7'], 'alias.example.com': ['192.0.2.7'] };
    const guarded = underTest({
      allow,
      own,
      resolve: (name) => Promise.resolve(names[name as keyof typeof names] ?? []),
    });
    const urls = [
      good.url,
      `http://good.example.com:${good.port}/`,
      'http://redis.example.com:6379/',
      'http://alias.example.com:6379/',
      'http://192.0.2.7/',
      'https://ingress.example.com/',
      `http://${here}:9/`,
    ];
    for (const url of urls) {
      const fault = await faultOf(guarded.post(url, {}));
      expect([url, fault.message]).toEqual([url, expect.stringContaining('a server of this gateway')]);
    }
  });
});
