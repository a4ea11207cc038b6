import { afterEach, describe, expect, test } from '@jest/globals';
import type { OCloud } from '#adapters/simulator/o-cloud/start.js';
import { backendsOf, openFleet, poolIdsOf, startOClouds, type Answer, type Fleet } from './fleet.js';

let oClouds: Record<string, OCloud> = {};
let fleet: Fleet | undefined;

async function open(keys: readonly string[], routing: readonly object[] = [], rest: object = {}): Promise<void> {
  oClouds = await startOClouds(keys);
  fleet = await openFleet({ backends: backendsOf(oClouds, rest), yaml: `routing: ${JSON.stringify(routing)}` });
  await fleet.names();
}
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
  await Promise.all(Object.values(oClouds).map((each) => each.close()));
});

const create = (name: string, rest: object = {}): Promise<Answer> =>
  fleet!.ask('/netweave/v1/resourcePools', 'POST', { name, description: 'Made by a test', ...rest });

/** The instance that has the created pool. */
async function takerOf({ status, body }: Answer): Promise<string | undefined> {
  expect([status, body]).toEqual([201, expect.anything()]);
  const { id } = body as { readonly id: string };
  for (const [key, oCloud] of Object.entries(oClouds)) if ((await poolIdsOf(key, oCloud)).includes(id)) return key;
  return undefined;
}

const rule = (instance: string, rest: object = {}) => ({ object: 'ResourcePool', instance, ...rest });

describe('a new pool', () => {
  test('goes to the only backend there is', async () => {
    await open(['a']);
    expect(await takerOf(await create('lab'))).toBe('a');
  });

  test('needs a rule where two could take it: the answer names them', async () => {
    await open(['a', 'b']);
    const { status, body } = await create('lab');
    expect([status, body]).toEqual([
      422,
      expect.objectContaining({ code: 'UNPROCESSABLE', detail: expect.stringContaining('could take it: a, b.') }),
    ]);
  });

  test('goes where the first matching rule says, by priority', async () => {
    await open(
      ['a', 'b', 'c'],
      [
        rule('a'),
        rule('b', { filter: '(cont,name,edge)', priority: 5 }),
        rule('c', { filter: '(eq,extensions/owner,ran)', priority: 9 }),
      ],
    );
    expect(await takerOf(await create('core-1'))).toBe('a');
    expect(await takerOf(await create('edge-1'))).toBe('b');
    expect(await takerOf(await create('edge-2', { extensions: { owner: 'ran' } }))).toBe('c');
  });
});

describe('a rule that falls back', () => {
  const rules = [rule('a', { priority: 1, strategy: 'fallback' }), rule('b')];

  test('hands over to the next one while nothing can have been written', async () => {
    await open(['a', 'b'], rules);
    expect(await takerOf(await create('lab'))).toBe('a');
    const { a } = oClouds;
    await a!.close();
    delete oClouds['a'];
    expect(await takerOf(await create('lab-2'))).toBe('b');
  });

  test.each([
    [{ hang: true } as const, 504],
    [{ status: 500 } as const, 502],
    [{ garbage: true } as const, 502],
    [{ flap: true } as const, 503],
  ])('never does after %j: a write may have happened', async (fault, status) => {
    await open(['a', 'b'], rules);
    oClouds['a']!.fault(fault);
    const before = oClouds['b']!.stats().objects.pools;
    const answers = [(await create('lab')).status];
    // The watch of a flapping backend may have taken the request that is cut.
    if ('flap' in fault) answers.push((await create('lab-2')).status);
    expect(answers).toContain(status);
    expect(oClouds['b']!.stats().objects.pools).toBe(before);
  });

  test('hands over at once while the breaker is open', async () => {
    await open(['a', 'b'], rules);
    oClouds['a']!.fault({ status: 500 });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 201) statuses.push((await create(`lab-${statuses.length}`)).status);
    expect(statuses).toEqual([502, 502, 502, 502, 502, 201]);
    oClouds['a']!.fault();
    expect(await poolIdsOf('b', oClouds['b']!)).toHaveLength(3);
  });

  test('does not hand over what refers to an object of the first', async () => {
    await open(['a', 'b'], rules);
    const [pool] = await fleet!.pools();
    const ofA = await poolIdsOf('a', oClouds['a']!);
    const site = (await fleet!.pools()).find((each) => ofA.includes(each['resourcePoolId'] as string))!['oCloudSiteId'];
    expect(pool).toBeDefined();
    expect(await takerOf(await create('lab', { oCloudSiteId: site }))).toBe('a');
    await oClouds['a']!.close();
    delete oClouds['a'];
    const { status, headers } = await create('lab-2', { oCloudSiteId: site });
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
  });
});

describe('a rule that ends the search', () => {
  test('is answered by its backend’s absence', async () => {
    await open(['a', 'b'], [rule('a', { priority: 1 }), rule('b')]);
    await oClouds['a']!.close();
    delete oClouds['a'];
    const { status, body } = await create('lab');
    expect([status, body]).toEqual([503, expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' })]);
  });
});

describe('a rule is a fault of the configuration', () => {
  test.each([
    [rule('nobody'), "routing[0].instance: There is no backend 'nobody'."],
    [rule('a', { filter: '(eq,nosuch,1)' }), 'routing[0].filter: '],
    [rule('a', { filter: 'nonsense' }), 'routing[0].filter: '],
  ])('%j', async (wrong, message) => {
    oClouds = {};
    const backends = backendsOf({ a: { url: 'http://127.0.0.1:1' } });
    const opened = openFleet({ backends, yaml: `routing: ${JSON.stringify([wrong])}` });
    await expect(opened).rejects.toThrow(message);
  });
});
