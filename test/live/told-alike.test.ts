import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Happened } from '#src/facades/trpc/client.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';
import { connectLive } from './live-client.js';

let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 7, size: 20, pools: 2, changesPerSecond: 0 } } },
    clients: { admin: { roles: ['admin'] } },
  });
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

const pools = '/netweave/v1/resourcePools';
const document = `subscription {
  changes(where: { objectType: [ResourcePool] }) {
    ... on Change { change objectType id changed at position object { ... on ResourcePool { name description } } }
  }
}`;

interface Told {
  readonly change: string;
  readonly object: { readonly name: string; readonly description: string } | null;
  readonly [name: string]: unknown;
}

const named = ({ object, ...said }: Told) => ({
  ...said,
  object: object && { name: object.name, description: object.description },
});

test('the same change is told alike by GraphQL, /events and tRPC', async () => {
  const events = await listenTo(gateway, '?objects=ResourcePool', { as: 'admin' });
  const graphql = await connectLive(gateway, { as: 'admin' });
  graphql.subscribe('1', document);
  const heard: Happened[] = [];
  const started = Promise.withResolvers<void>();
  const trpc = createClient({ url: `${gateway.url}/trpc`, token: 'admin' }).changes.watch.subscribe(
    { objects: ['ResourcePool'] },
    { onData: ({ data }) => void heard.push(data), onStarted: () => started.resolve() },
  );
  await started.promise;
  // An answer over the same socket comes after the subscription has begun.
  graphql.subscribe('2', '{ oCloud { oCloudId } }');
  await until(() => graphql.of('2').length > 0);

  const write = (method: string, target: string, body?: object) =>
    gateway.send(target, { method, as: 'admin', body, headers: { 'Content-Type': 'application/json' } });
  const made = await write('POST', pools, { name: 'alike', description: 'first' });
  const { id } = JSON.parse(made.text) as { id: string };
  await write('PATCH', `${pools}/${id}`, { description: 'second' });
  await write('DELETE', `${pools}/${id}`);
  await until(() => [events.told(), heard, graphql.of('1')].every((told) => told.length >= 3));

  const overGraphql = graphql
    .of('1')
    .map((message) => (message as unknown as { payload: { data: { changes: Told } } }).payload.data.changes);
  const overEvents = events.told() as readonly Told[];
  expect(overGraphql.map(named)).toEqual(overEvents.map(named));
  expect(heard).toEqual(overEvents);
  expect(overEvents.map(({ change, changed, object }) => [change, changed, object?.description])).toEqual([
    ['CREATED', [], 'first'],
    ['MODIFIED', ['description'], 'second'],
    ['DELETED', [], undefined],
  ]);
  expect(new Set(overEvents.map((each) => each['id']))).toEqual(new Set([id]));
  // The object is what tRPC shows of it, as it was right after the change.
  const other = await write('POST', pools, { name: 'alike too', description: 'first' });
  await until(() => heard.length >= 4);
  const { value, position } = JSON.parse(other.text) as { value: object; position: string };
  expect(heard[3]).toMatchObject({ object: value, position });

  trpc.unsubscribe();
  events.leave();
  graphql.socket.terminate();
});

test('what is told as one is told alike and says so; what is told alone says nothing of it', async () => {
  const far = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 8, size: 1200, pools: 2, changesPerSecond: 0 } } },
    clients: { admin: { roles: ['admin'] } },
  });
  const write = (method: string, target: string, body?: object) =>
    far.send(target, { method, as: 'admin', body, headers: { 'Content-Type': 'application/json' } });
  const made = await write('POST', pools, { name: 'first', description: 'first' });
  const { id } = JSON.parse(made.text) as { id: string };
  await write('PATCH', `${pools}/${id}`, { description: 'second' });
  const last = await write('PATCH', `${pools}/${id}`, { name: 'second' });
  const { position } = JSON.parse(last.text) as { position: string };

  const events = await listenTo(far, '?since=0.0', { as: 'admin' });
  const graphql = await connectLive(far, { as: 'admin' });
  graphql.subscribe(
    '1',
    `subscription {
      changes(since: "0.0") {
        ... on Change { change changed id conflated position object { ... on ResourcePool { name description } } }
      }
    }`,
  );
  const heard: Happened[] = [];
  const trpc = createClient({ url: `${far.url}/trpc`, token: 'admin' }).changes.watch.subscribe(
    { since: '0.0' },
    { onData: ({ data }) => void heard.push(data) },
  );
  const overGraphql = () =>
    graphql
      .of('1')
      .map((message) => (message as unknown as { payload: { data: { changes: Told } } }).payload.data.changes);
  const lists = () => [events.told() as readonly Told[], heard as unknown as readonly Told[], overGraphql()];
  await until(() => lists().every((told) => told.at(-1)?.['position'] === position));
  const told = { change: 'CREATED', changed: [], id, conflated: true, position };
  for (const list of lists()) {
    expect(list.filter((each) => each['id'] === id)).toHaveLength(1);
    expect(list.at(-1)).toMatchObject({ ...told, object: { name: 'second', description: 'second' } });
  }
  expect(events.told()).toEqual(heard);
  expect(events.told().filter((each) => 'conflated' in each)).toHaveLength(1);
  expect(new Set(overGraphql().map((each) => each['conflated']))).toEqual(new Set([false, true]));

  trpc.unsubscribe();
  events.leave();
  graphql.socket.terminate();
  await far.close();
  expect(far.logged).toEqual([]);
}, 30_000);
