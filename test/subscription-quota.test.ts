import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { receiver } from './callback-receiver.js';
import { call, facades, operationOf, type Facade, type Outcome } from './facade-calls.js';
import { openGatewayUnderTest, type GatewayUnderTest, type Reply } from './gateway-under-test.js';
import { callOverWebSocket, websocket } from './live/calls-over-websocket.js';

let gateway: GatewayUnderTest;
let callback: Awaited<ReturnType<typeof receiver>>;
beforeAll(async () => {
  callback = await receiver();
  gateway = await openGatewayUnderTest({
    clients: {
      admin: { roles: ['admin'] },
      'red-1': { roles: ['operator'], tenant: 'red' },
      'red-2': { roles: ['operator'], tenant: 'red' },
      blue: { roles: ['operator'], tenant: 'blue' },
    },
    yaml: 'limits: { subscriptions: 8, subscriptionsPerTenant: 5 }',
  });
});
afterAll(async () => {
  await gateway.close();
  await callback.close();
  expect(gateway.logged).toEqual([]);
});

const all: readonly Facade[] = [...facades, websocket];

async function subscribe(facade: Facade, as: string, path: string): Promise<Outcome> {
  const operation = operationOf('inventorySubscriptions.create');
  const input = { value: { callback: `${callback.url}/${path}` } };
  const outcome =
    facade === websocket
      ? await callOverWebSocket(gateway, operation, input, { as, headers: {} })
      : await call(gateway, facade, operation, input, { as });
  return outcome!;
}

const throughAll = async (as: string, path: (facade: Facade) => string): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const facade of all) outcomes.push(await subscribe(facade, as, path(facade)));
  return outcomes;
};
const codes = (outcomes: readonly Outcome[]) => outcomes.map(({ code }) => code);
const everywhere = (code: string) => all.map(() => code);

const overO2 = (major: string, as: string, path: string): Promise<Reply> =>
  gateway.send(`/o2ims-infrastructureInventory/${major}/subscriptions`, {
    as,
    method: 'POST',
    body: { callback: `${callback.url}/${path}` },
  });

test('a tenant subscribes as often as it may, and every facade refuses what is beyond it', async () => {
  expect(codes(await throughAll('red-1', ({ name }) => name))).toEqual(everywhere('OK'));
  const { verified } = callback.state;
  const refused = await throughAll('red-2', ({ name }) => `more-${name}`);
  expect(codes(refused)).toEqual(everywhere('QUOTA_EXCEEDED'));
  for (const { reply } of refused)
    expect(reply.text).toContain(
      'Your tenant may have 5 subscriptions (limits.subscriptionsPerTenant), and has that many;',
    );
  for (const major of ['v1', 'v2']) {
    const { status, headers, text } = await overO2(major, 'red-1', 'more');
    expect([status, headers['retry-after']]).toEqual([429, '60']);
    expect(JSON.parse(text)).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
  }
  // Nobody was asked whether he answers for what cannot be.
  expect(callback.state.verified).toBe(verified);
  expect(codes(await throughAll('red-1', ({ name }) => name))).toEqual(everywhere('CONFLICT'));
});

test('others subscribe on, as long as there is a place in all', async () => {
  const told = [];
  for (const as of ['blue', 'admin', 'admin', 'admin']) told.push(await subscribe(all[1]!, as, `${as}-${told.length}`));
  expect(codes(told)).toEqual(['OK', 'OK', 'OK', 'QUOTA_EXCEEDED']);
  const refused = await throughAll('blue', () => 'more');
  expect(codes(refused)).toEqual(everywhere('QUOTA_EXCEEDED'));
  for (const { reply } of refused)
    expect(reply.text).toContain('8 subscriptions may be here (limits.subscriptions), and that many are;');
  const id = String(told[0]!.values[0]!['subscriptionId']);
  expect(
    (await call(gateway, all[0]!, operationOf('inventorySubscriptions.delete'), { id }, { as: 'blue' }))!.code,
  ).toBe('OK');
  expect((await subscribe(all[0]!, 'blue', 'again')).code).toBe('OK');
});
