import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { call, everythingSeen, facades, operationOf, type Facade, type Input, type Value } from './facade-calls.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from './gateway-under-test.js';

/** One O-Cloud behind a socket, and two gateways in front of it that differ only in how they read it. */
let oCloud: OCloud;
let watching: GatewayUnderTest;
let polling: GatewayUnderTest;
const gateways = () => ({ watching, polling });
const names = ['watching', 'polling'] as const;

beforeAll(async () => {
  oCloud = await startOCloud({ seed: 9, size: 150, pools: 9 });
  const reading = (read: string) =>
    openGatewayUnderTest({ simulators: { sim: { url: oCloud.url, read, pollInterval: 100 } } });
  [watching, polling] = await Promise.all([reading('watch'), reading('poll')]);
});

afterAll(async () => {
  await Promise.all([watching.close(), polling.close()]);
  await oCloud.close();
  expect([watching.logged, polling.logged]).toEqual([[], []]);
});

const others = facades.filter(({ name }) => name !== 'rest');

async function ask(gateway: GatewayUnderTest, facade: Facade, name: string, input: Input) {
  return (await call(gateway, facade, operationOf(name), input))!;
}

/** What a gateway shows of an object through every facade; undefined where it shows none. */
async function shown(gateway: GatewayUnderTest, name: string, input: Input): Promise<readonly (Value | undefined)[]> {
  const answers = [];
  for (const facade of facades) answers.push((await ask(gateway, facade, name, input)).values[0]);
  return answers;
}

async function backend(method: string, path: string, body?: object): Promise<Value> {
  const headers = { 'Content-Type': 'application/json' };
  const reply = await fetch(`${oCloud.url}/v1/${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  expect([reply.status < 300, path]).toEqual([true, path]);
  return (await reply.json()) as Value;
}

/** Both gateways show the same, and it passes the test. */
async function untilBoth(holds: (seen: Readonly<Record<string, readonly Value[]>>) => boolean): Promise<void> {
  await until(async () => {
    const [one, other] = [await everythingSeen(watching), await everythingSeen(polling)];
    return holds(one) && JSON.stringify(one) === JSON.stringify(other);
  });
}

/** Full lists of pools that the O-Cloud has been asked for: polls. */
const polls = () => oCloud.stats().requests['GET /v1/pools']!;
async function untilPolledAgain(): Promise<void> {
  // The next one may have begun already; the one after it has not.
  const enough = polls() + 2;
  await until(() => polls() >= enough);
}

test('both ways read the same ids and the same values', async () => {
  const seen = await everythingSeen(watching);
  expect(seen['Resource']).toHaveLength(150);
  expect(await everythingSeen(polling)).toEqual(seen);
});

describe('what happens at the O-Cloud arrives, either way', () => {
  test('hundreds of changes end in the same values', async () => {
    const before = await everythingSeen(watching);
    oCloud.tick(400);
    const { id } = (await backend('POST', 'pools', { name: 'after the others' })) as { readonly id: string };
    await untilBoth((seen) => seen['ResourcePool']!.some(({ name }) => name === 'after the others'));
    expect((await everythingSeen(watching))['Resource']).not.toEqual(before['Resource']);
    await backend('DELETE', `pools/${id}`);
    await untilBoth((seen) => !seen['ResourcePool']!.some(({ name }) => name === 'after the others'));
  });

  test('moved, changed and taken away', async () => {
    const pool = await backend('POST', 'pools', { name: 'target', summary: 'first' });
    const [equipment] = (await (await fetch(`${oCloud.url}/v1/equipment`)).text()).split('\n');
    const { id } = JSON.parse(equipment!) as { readonly id: string };
    await backend('PATCH', `equipment/${id}`, { pool: pool['id'], tags: ['moved'] });
    await backend('PATCH', `pools/${String(pool['id'])}`, { summary: 'second' });
    await untilBoth(({ ResourcePool, Resource }) => {
      const target = ResourcePool!.find(({ name }) => name === 'target');
      const moved = Resource!.find(({ tags }) => (tags as readonly string[]).includes('moved'));
      return target?.['description'] === 'second' && moved?.['resourcePoolId'] === target['resourcePoolId'];
    });
    await backend('DELETE', `equipment/${id}`);
    await backend('DELETE', `pools/${String(pool['id'])}`);
    await untilBoth(({ Resource }) => !Resource!.some(({ tags }) => (tags as readonly string[]).includes('moved')));
  });
});

describe.each(names)('what is written through the %s gateway', (name) => {
  const writer = () => gateways()[name];
  const reader = () => gateways()[name === 'watching' ? 'polling' : 'watching'];

  test.each(others.map((facade) => [facade.name, facade] as const))(
    'by %s is readable at once through every facade, and arrives at the other gateway',
    async (_, facade) => {
      const { values } = await ask(writer(), facade, 'resourcePools.create', {
        value: { name: `by ${facade.name}`, description: '0' },
      });
      const id = values[0]!['resourcePoolId'];
      for (let round = 1; round <= 15; round += 1) {
        const written = await ask(writer(), facade, 'resourcePools.update', { id, patch: { description: `${round}` } });
        expect(written.values[0]).toMatchObject({ description: `${round}` });
        const same = Array(facades.length).fill(written.values[0]);
        expect(await shown(writer(), 'resourcePools.get', { id })).toEqual(same);
        expect(await shown(writer(), 'resourcePools.list', { filter: `(eq,name,by ${facade.name})` })).toEqual(same);
      }
      // No list that was under way when the object was written may take it back.
      await untilPolledAgain();
      expect((await shown(writer(), 'resourcePools.get', { id }))[0]).toMatchObject({ description: '15' });
      await until(async () => (await shown(reader(), 'resourcePools.get', { id }))[0]?.['description'] === '15');

      expect((await ask(writer(), facade, 'resourcePools.delete', { id })).code).toBe('OK');
      expect(await shown(writer(), 'resourcePools.get', { id })).toEqual(Array(facades.length).fill(undefined));
      await untilPolledAgain();
      expect(await shown(writer(), 'resourcePools.get', { id })).toEqual(Array(facades.length).fill(undefined));
      await until(async () => (await shown(reader(), 'resourcePools.get', { id }))[0] === undefined);
    },
  );

  test('changes what is counted and derived, at once', async () => {
    const trpc = facades.find((each) => each.name === 'trpc')!;
    const { values } = await ask(writer(), trpc, 'resourcePools.create', {
      value: { name: 'counted', description: '' },
    });
    const { resourcePoolId: id, oCloudSiteId } = values[0]!;
    for (const site of await shown(writer(), 'oCloudSites.get', { id: oCloudSiteId }))
      expect(site!['resourcePools']).toContain(id);
    for (const size of [4, 1, 0]) {
      await ask(writer(), trpc, 'resourcePools.scale', { id, size });
      for (const facade of facades)
        expect((await ask(writer(), facade, 'resources.list', { parent: id })).values).toHaveLength(size);
    }
    await ask(writer(), trpc, 'resourcePools.delete', { id });
    for (const site of await shown(writer(), 'oCloudSites.get', { id: oCloudSiteId }))
      expect(site!['resourcePools']).not.toContain(id);
  });
});

test('in the end both show the same', () => untilBoth((seen) => seen['ResourcePool']!.length === 9));
