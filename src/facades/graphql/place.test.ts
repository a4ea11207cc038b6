import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Seat, Sink } from '#subscriptions/live/stream.js';
import { connectTo, until } from './testing/web-socket-client.js';
import { webSocketServer, type WebSocketServerUnderTest } from './testing/web-socket-server.js';

let server: WebSocketServerUnderTest;
let sink: Sink<string> | undefined;
let at: ReturnType<Seat['position']>;

beforeEach(async () => {
  [sink, at] = [undefined, { seq: 7, tag: 'a' }];
  server = await webSocketServer({
    clients: 10,
    subscribe(_caller, _document, joined) {
      sink = joined;
      joined.seated?.({ position: () => at, leave: () => undefined });
      return () => undefined;
    },
    once: async () => ({ data: { text: 'x' } }),
  });
});
afterEach(() => server.close());

test('a stream that was told nothing says where it is when that moved, and the reference client shows it', async () => {
  const said: unknown[] = [];
  const client = createClient({
    url: server.url,
    webSocketImpl: WebSocket,
    generateID: () => '__proto__',
    on: { ping: (received, payload) => received && said.push(JSON.stringify(payload)) },
  });
  const told: unknown[] = [];
  client.subscribe(
    { query: 'subscription { changes }' },
    { next: (each) => told.push(each), error: () => undefined, complete: () => undefined },
  );
  await until(() => sink !== undefined);
  const tell = async () => {
    const count = told.length;
    sink!.take([{ bytes: 0, what: '{"data":{"changes":1}}', position: { seq: 8, tag: 'a' } }]);
    await until(() => told.length > count);
  };
  const beat = () => until(() => server.beat());
  await beat();
  await tell();
  at = { seq: 9, tag: 'a' };
  await beat();
  await tell();
  expect(said).toEqual(['{"positions":{"__proto__":"7.a"}}']);
  // It was told something, then nothing, then it moved no further.
  for (let each = 0; each < 3; each += 1) await beat();
  await tell();
  expect(said).toEqual(['{"positions":{"__proto__":"7.a"}}', '{"positions":{"__proto__":"9.a"}}']);
  await client.dispose();
});

test('a stream that has ended says nothing more', async () => {
  const client = await connectTo(server.url);
  client.ask('a', 'subscription { changes }');
  await until(() => sink !== undefined);
  await until(() => server.beat());
  await until(() => client.heard.length === 2);
  client.say({ id: 'a', type: 'complete' });
  client.say({ type: 'ping' });
  await until(() => client.heard.length === 3);
  at = { seq: 9, tag: 'a' };
  await until(() => server.beat());
  client.say({ type: 'ping' });
  await until(() => client.heard.length === 4);
  expect(client.heard.slice(1)).toEqual([
    { type: 'ping', payload: { positions: { a: '7.a' } } },
    { type: 'pong' },
    { type: 'pong' },
  ]);
  client.socket.terminate();
});
