import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { busiestTurn, work } from '#subscriptions/testing/busiest-turn.js';
import { until } from '#subscriptions/testing/deliveries.js';
import { webSocketServer } from './testing/web-socket-server.js';

const count = 100;

test('others have the loop while a crowd says all at once what it wants', async () => {
  const loop = busiestTurn();
  let begun = 0;
  const server = await webSocketServer({
    clients: count,
    subscribe() {
      loop.did();
      work(0.25);
      begun += 1;
      return () => undefined;
    },
    once: () => Promise.resolve({ data: {} }),
  });
  let known = 0;
  const crowd = Array.from({ length: count }, () => {
    const client = new WebSocket(server.url, 'graphql-transport-ws');
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
  await server.close();
});
