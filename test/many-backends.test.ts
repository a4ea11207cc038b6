import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OCloudFault } from '#adapters/simulator/o-cloud/faults.js';
import type { OCloud } from '#adapters/simulator/o-cloud/start.js';
import { backendsOf, facades, openFleet, poolIdsOf, startOClouds, v2, type Fleet } from './fleet.js';
import { nowhere, until } from './gateway-under-test.js';
import { startMisshapenOCloud, type MisshapenOCloud } from './misshapen-o-cloud.js';

const keys = ['broken', 'flapping', 'garbled', 'gone', 'hanging', 'healthy', 'misshapen', 'polled'] as const;
type Key = (typeof keys)[number];
const ill = ['broken', 'garbled', 'gone', 'hanging', 'misshapen', 'polled'] as const;

const faults: Readonly<Partial<Record<Key, OCloudFault>>> = {
  broken: { status: 500 },
  flapping: { flap: true },
  garbled: { garbage: true },
  hanging: { hang: true },
  polled: { status: 401 },
};

let oClouds: Record<Key, OCloud>;
let misshapen: MisshapenOCloud;
let fleet: Fleet;
let poolOf: Record<Key, string>;

beforeAll(async () => {
  oClouds = await startOClouds(keys);
  misshapen = await startMisshapenOCloud(oClouds.misshapen.url);
  const { polled, ...watched } = oClouds;
  const options = { url: polled.url, read: 'poll', pollInterval: 200 };
  const backends = [...backendsOf({ ...watched, misshapen }), { key: 'polled', type: 'simulator', options }];
  fleet = await openFleet({ backends });
  await fleet.names();
  const ids = await Promise.all(keys.map(async (key) => [key, (await poolIdsOf(key, oClouds[key]))[0]]));
  poolOf = Object.fromEntries(ids) as typeof poolOf;
});
afterAll(async () => {
  await fleet.close();
  await misshapen.close();
  await Promise.all(keys.map((key) => oClouds[key].close()));
});

const describePool = (key: Key, description: string) =>
  fleet.ask(`/netweave/v1/resourcePools/${poolOf[key]}`, 'PATCH', { description });
const descriptionOf = async (key: Key) =>
  (await fleet.pools()).find((pool) => pool['resourcePoolId'] === poolOf[key])!['description'];

/** Has the misshapen O-Cloud tell of its first pool. */
async function touchPool(summary: string): Promise<void> {
  const { url } = oClouds.misshapen;
  const [line] = (await (await fetch(`${url}/v1/pools`)).text()).split('\n');
  const { id } = JSON.parse(line!) as { readonly id: string };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/pools/${id}`, { method: 'PATCH', headers, body: JSON.stringify({ summary }) });
  expect(answer.status).toBe(200);
}

describe('seven backends in seven kinds of trouble', () => {
  test('are named on every facade, and what they said before stays', async () => {
    const before = await fleet.pools();
    expect(before).toHaveLength(2 * keys.length);
    for (const [key, fault] of Object.entries(faults)) oClouds[key as Key].fault(fault);
    await oClouds.gone.close();
    misshapen.spoil = (kind, { name, ...object }) => (kind === 'pools' ? object : { name, ...object });
    await touchPool('Told without a name');
    const said = await fleet.names(...ill);
    for (const name of ['rest', 'own', 'trpc'] as const) expect(said[name].age).toBeGreaterThanOrEqual(0);
    const reasons = {
      broken: / 500 /,
      garbled: /not JSON/,
      gone: /cannot be reached/,
      hanging: /silent/,
      misshapen: /: name: /,
    };
    await until(async () => {
      const { graphql } = await fleet.said();
      return Object.entries(reasons).every(([key, reason]) => reason.test(graphql.reasons[key] ?? ''));
    });
    expect(await fleet.pools()).toEqual(before);
  }, 60_000);

  test('do not hide that an object is absent', async () => {
    const absent = await fleet.ask(`${v2}/resourcePools/${nowhere}`);
    expect([absent.status, absent.body]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
  });

  test('leave an eighth to be written to', async () => {
    for (const facade of ['own', 'graphql', 'trpc'] as const) {
      const description = `Written over ${facade}`;
      const input = { id: poolOf.healthy, patch: { description } };
      const query = 'mutation ($input: UpdateResourcePoolInput!) { updateResourcePool(input: $input) { id } }';
      const answer = {
        own: () => describePool('healthy', description),
        graphql: () => fleet.ask('/graphql', 'POST', { query, variables: { input } }),
        trpc: () => fleet.ask('/trpc/resourcePools.update', 'POST', input),
      }[facade];
      const { status, body } = await answer();
      expect([status, JSON.stringify(body)]).toEqual([200, expect.not.stringContaining('"errors"')]);
      expect(await descriptionOf('healthy')).toBe(description);
    }
  });

  test.each([
    ['broken', 502, 'BACKEND_FAILED'],
    ['garbled', 502, 'BACKEND_FAILED'],
    ['gone', 503, 'BACKEND_UNAVAILABLE'],
    ['hanging', 504, 'BACKEND_TIMEOUT'],
  ] as const)('answer a write to the %s one with %i', async (key, status, code) => {
    const answer = await describePool(key, 'Not to be read');
    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ code })]);
    if (status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await descriptionOf(key)).not.toBe('Not to be read');
  });

  test('open their own breakers, nobody else’s', async () => {
    const breaker = (key: Key) => `netweave_backend_breaker{instance="${key}"}`;
    while (!(await fleet.metrics(breaker('broken')))[0]!.endsWith(' 2')) await describePool('broken', 'x');
    const refused = await describePool('broken', 'x');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await fleet.metrics(breaker('healthy'))).toEqual([`${breaker('healthy')} 0`]);
    expect((await describePool('healthy', 'Still written')).status).toBe(200);
  });

  test('are seen in the metrics', async () => {
    const lines = await fleet.metrics('netweave_backend_');
    for (const key of ill) {
      const current = `netweave_backend_state{instance="${key}",state="current"} 0`;
      expect(lines).toContain(current);
      expect(lines).toContainEqual(
        expect.stringMatching(`^netweave_backend_age_seconds\\{instance="${key}"\\} [\\d.]+$`),
      );
    }
    expect(lines).toContain('netweave_backend_state{instance="healthy",state="current"} 1');
    expect(lines).toContain('netweave_backend_age_seconds{instance="healthy"} 0');
    expect(lines).toContain('netweave_backend_writes_total{instance="healthy",code="OK"} 4');
    expect(lines).toContain('netweave_backend_writes_total{instance="hanging",code="BACKEND_TIMEOUT"} 1');
    expect(lines).toContain('netweave_backend_writes_total{instance="broken",code="BACKEND_FAILED"} 5');
    const size = lines.find((line) => line.startsWith('netweave_backend_objects{instance="healthy"}'))!;
    expect(Number(size.split(' ')[1])).toBe(
      Object.values(oClouds.healthy.stats().objects).reduce((a, b) => a + b) + sites(),
    );
  });

  test('leave the gateway ready', async () => {
    const ready = await fleet.ask('/readyz?verbose');
    expect(ready.status).toBe(200);
    expect(ready.body).toContain('[-] backend hanging: 0 of');
    expect(ready.body).toMatch(/\[\+\] backend healthy: (\d+) of \1\b/);
  });

  test('are no longer named when they recover', async () => {
    for (const key of keys) if (key !== 'gone') oClouds[key].fault();
    misshapen.spoil = undefined;
    await touchPool('Told with its name');
    const said = await fleet.names('gone');
    for (const name of facades) expect(said[name].incomplete.filter((key) => key !== 'flapping')).toEqual(['gone']);
    await until(async () => (await describePool('broken', 'Written again')).status === 200);
    expect(await descriptionOf('misshapen')).toBe('Told with its name');
  }, 90_000);
});

/** A site of the simulator makes a location too. */
function sites(): number {
  return oClouds.healthy.stats().objects.sites;
}
