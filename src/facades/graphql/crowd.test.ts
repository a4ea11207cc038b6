import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { WebSocket } from 'ws';
import { busiestTurn, work } from '#subscriptions/testing/busiest-turn.js';
import { until } from '#subscriptions/testing/deliveries.js';
import { admission } from '../admission.js';
import { connections } from '../live/connections.js';
import { liveDocuments } from './live-documents.js';
import { graphqlOverWebSocket } from './over-websocket.js';

const count = 100;
const schema = buildSchema('type Query { text: String } type Subscription { changes: Int }');

test('others have the loop while a crowd says all at once what it wants', async () => {
  const scope = { tenant: undefined, permissions: new Set<string>(), key: 'all' };
  const identify = () => ({ name: 'alice', scope });
  const live = connections(
    { connections: count, connectionsPerPrincipal: count, connectionsPerTenant: count, unidentified: count },
    identify,
  );
  const loop = busiestTurn();
  let begun = 0;
  const upgrade = graphqlOverWebSocket({
    schema,
    documents: liveDocuments(schema, { depth: 5, aliases: 5, documentBytes: 1000 }),
    subscribe() {
      loop.did();
      work(0.25);
      begun += 1;
      return () => undefined;
    },
    connections: live,
    admission: admission({
      identify,
      charge: () => 0,
      chargeStranger: () => 0,
      load: { maxInFlight: Infinity, loopDelay: () => 0, maxLoopDelay: Infinity },
      inFlightPerPrincipal: Infinity,
      served: () => undefined,
    }),
    atLeast: { asked: (_text, at) => ({ at, position: { seq: 0, tag: 'a' } }), reached: () => undefined },
    limits: { backlog: 65_536, messageBytes: 10_000, messagesPerSecond: 50, streamsPerConnection: 100 },
    once: () => Promise.resolve({ data: {} }),
    unforeseen: (error) => expect(error).toBeUndefined(),
  });
  const server = createServer().on('upgrade', upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  let known = 0;
  const crowd = Array.from({ length: count }, () => {
    const client = new WebSocket(url, 'graphql-transport-ws');
    client.once('open', () => client.send('{"type":"connection_init"}'));
    return client.once('message', () => void (known += 1));
  });
  await until(() => known === count);
  for (const client of crowd)
    client.send('{"id":"1","type":"subscribe","payload":{"query":"subscription { changes }"}}');
  await until(() => begun === count);
  // A slice of 2 ms holds eight, and what begins at its end.
  expect(loop.most()).toBeLessThan(24);
  for (const client of crowd) client.terminate();
  live.stop(2000);
  await new Promise((resolve) => server.close(resolve));
});
