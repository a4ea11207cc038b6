import 'reflect-metadata';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { busiestTurn, work } from '#platform/testing/busiest-turn.js';
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

/** A connection of who is called so, once it is `known`. */
async function connected(url: string, name?: string) {
  const client = new WebSocket(url, 'graphql-transport-ws');
  await once(client, 'open');
  const say = (message: object) => client.send(JSON.stringify(message));
  const payload = name === undefined ? {} : { authorization: name };
  const known = async () => {
    say({ type: 'connection_init', payload });
    await once(client, 'message');
  };
  let id = 0;
  const ask = () => say({ id: `${(id += 1)}`, type: 'subscribe', payload: { query: 'subscription { changes }' } });
  return { client, known, ask };
}

test('who has only come, and who says little, wait for nothing that others said in plenty', async () => {
  const begun: string[] = [];
  const server = await webSocketServer({
    clients: count + 2,
    subscribe({ principal }) {
      work(1);
      begun.push(principal.name);
      return () => undefined;
    },
    once: () => Promise.resolve({ data: {} }),
  });
  const [late, little] = [await connected(server.url), await connected(server.url, 'bob')];
  const crowd = await Promise.all(Array.from({ length: count }, () => connected(server.url)));
  await Promise.all([little, ...crowd].map(({ known }) => known()));
  for (const { ask } of crowd) for (let each = 0; each < 5; each += 1) ask();
  little.ask();
  await late.known();
  expect(begun.length).toBeLessThan(count / 2);
  await until(() => begun.length === 5 * count + 1);
  expect(begun.indexOf('bob')).toBeLessThan(count / 2);
  for (const { client } of [late, little, ...crowd]) client.terminate();
  await server.close();
});

test('what was said together with who it is comes behind that, in the order in which it was said', async () => {
  const begun: string[] = [];
  const server = await webSocketServer({
    clients: 1,
    subscribe: () => () => undefined,
    once(sent) {
      begun.push(String(sent.operationName));
      return Promise.resolve({ data: {} });
    },
  });
  const client = new WebSocket(server.url, 'graphql-transport-ws');
  await once(client, 'open');
  client.send('{"type":"connection_init"}');
  const names = Array.from({ length: 20 }, (_, each) => `n${each}`);
  for (const id of names)
    client.send(
      JSON.stringify({ id, type: 'subscribe', payload: { operationName: id, query: `query ${id} { text }` } }),
    );
  await until(() => begun.length === names.length);
  expect(begun).toEqual(names);
  client.terminate();
  await server.close();
});
