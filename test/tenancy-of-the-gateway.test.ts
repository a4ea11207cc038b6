import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, facades, operationOf, type Input } from './facade-calls.js';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const trpc = facades.find(({ name }) => name === 'trpc')!;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    clients: {
      system: { roles: ['admin'] },
      blue: { roles: ['admin'], tenant: 'blue' },
      red: { roles: ['admin'], tenant: 'red' },
    },
    yaml: 'callbacks: { test: "off" }',
  });
  for (const as of ['system', 'blue', 'red', 'blue']) {
    const value = { callback: `http://127.0.0.1:9/of/${as}` };
    await call(gateway, trpc, operationOf('inventorySubscriptions.create'), { value }, { as });
  }
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

test.each(facades.map((facade) => [facade.name, facade] as const))(
  'backups, which are of all tenants, are for none, whatever its roles: %s',
  async (_, facade) => {
    const header = { format: 1, version: '0', oCloudId: 'o', schemas: {}, key: '' };
    const taken = await call(gateway, facade, operationOf('backup.read'), {}, { as: 'blue' });
    const given = await call(gateway, facade, operationOf('backup.restore'), { header, lines: [] }, { as: 'blue' });
    for (const outcome of [taken, given]) if (outcome) expect(outcome.code).toBe('FORBIDDEN');
  },
);

test.each(facades.map((facade) => [facade.name, facade] as const))(
  'the audit tells a tenant what was asked with its roles, and those without one everything: %s',
  async (_, facade) => {
    type Entries = readonly { readonly tenant?: string; readonly principal: string }[];
    const read = async (as: string) => {
      const entries: Entries[number][] = [];
      let next: string | undefined;
      do {
        const page = await call(
          gateway,
          facade,
          operationOf('audit.read'),
          { first: 7, ...(next && { after: next }) },
          { as },
        );
        if (!page) return undefined;
        const [value] = page.values as readonly { readonly items: Entries; readonly next?: string }[];
        entries.push(...value!.items);
        next = value!.next;
      } while (next !== undefined);
      return entries;
    };
    const [all, blue, red] = [await read('system'), await read('blue'), await read('red')];
    if (!all || !blue || !red) return;
    expect([new Set(blue.map(({ tenant }) => tenant)), new Set(red.map(({ tenant }) => tenant))]).toEqual([
      new Set(['blue']),
      new Set(['red']),
    ]);
    expect(blue).toEqual(all.filter(({ tenant }) => tenant === 'blue'));
    expect(new Set(all.map(({ principal }) => principal))).toEqual(new Set(['system', 'blue', 'red']));
  },
);

test("a page of one tenant's audit leads nobody else on", async () => {
  const read = async (as: string, input: Input) =>
    (await call(gateway, trpc, operationOf('audit.read'), input, { as }))!;
  const [page] = (await read('blue', { first: 1 })).values as readonly { readonly next: string }[];
  expect((await read('red', { after: page!.next })).code).toBe('INVALID');
});
