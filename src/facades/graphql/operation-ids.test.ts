import 'reflect-metadata';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Sink } from '#subscriptions/live/stream.js';
import { connectTo, until, type WebSocketClient } from './testing/web-socket-client.js';
import { webSocketServer, type WebSocketServerUnderTest } from './testing/web-socket-server.js';

let server: WebSocketServerUnderTest;
let client: WebSocketClient;
/** Streams that go on. */
const streams = new Set<Sink<string>>();
let sink: Sink<string>;

beforeEach(async () => {
  server = await webSocketServer({
    clients: 10,
    subscribe(_caller, _document, joined) {
      sink = joined;
      streams.add(joined);
      return () => void streams.delete(joined);
    },
    once: () => new Promise(() => undefined),
  });
  client = await connectTo(server.url);
});
afterEach(async () => {
  client.socket.terminate();
  streams.clear();
  await server.close();
});

const changes = (id: string) => ({ id, type: 'subscribe', payload: { query: 'subscription { changes }' } });
const complete = { id: 'a', type: 'complete' };

test.each([
  ['complete, then begun again, in one write', [complete, changes('a')], true],
  ['complete, then begun again, in two sends', [complete, changes('a')], false],
  ['begun, complete and begun again in one write', [complete, changes('a'), complete, changes('a')], true],
  [
    'a query that is complete before it is answered',
    [complete, { ...changes('a'), payload: { query: '{ text }' } }, complete, changes('a')],
    true,
  ],
])(
  'an id that is used again is that of the stream begun last, which hears on: %s',
  async (_how, messages, together) => {
    const socket = Reflect.get(client.socket, '_socket') as Socket;
    client.say(changes('a'));
    await until(() => streams.size === 1);
    const first = sink;
    if (together) socket.cork();
    for (const message of messages) client.say(message);
    socket.uncork();
    client.say({ type: 'ping' });
    await until(() => client.heard.length === 2);
    expect([streams.size, streams.has(first), streams.has(sink)]).toEqual([1, false, true]);
    sink.take([{ bytes: 0, what: '{"data":{"changes":1}}', position: { seq: 1, tag: 'a' } }]);
    await until(() => client.heard.length === 3);
    expect(client.heard.slice(1)).toEqual([
      { type: 'pong' },
      { id: 'a', type: 'next', payload: { data: { changes: 1 } } },
    ]);
    client.say(complete);
    await until(() => streams.size === 0);
  },
);

const long = 'ü'.repeat(128);

test.each([
  ['is longer than it may be', [`${long}x`], 4400],
  ['is as long as it may be, and used twice', [long, long], 4409],
])('an id that %s ends the connection', async (_what, ids, code) => {
  for (const id of ids) client.say(changes(id));
  expect(await client.closed).toBe(code);
  await until(() => streams.size === 0);
  expect(client.heard).toHaveLength(1);
});
