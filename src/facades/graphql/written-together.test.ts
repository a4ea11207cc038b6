import 'reflect-metadata';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Sink } from '#subscriptions/live/stream.js';
import { until } from '#subscriptions/testing/deliveries.js';
import { writesTo } from '../testing/writes-to.js';
import { webSocketServer, type WebSocketServerUnderTest } from './testing/web-socket-server.js';

let server: WebSocketServerUnderTest;
let socket: Socket;
let client: WebSocket;
const heard: string[] = [];
const sinks: Sink<string>[] = [];

beforeEach(async () => {
  server = await webSocketServer({
    clients: 1,
    subscribe: (_caller, _document, sink) => {
      sinks.push(sink);
      return () => undefined;
    },
    once: () => Promise.resolve({ data: {} }),
  });
  server.http.once('connection', (accepted) => (socket = accepted));
  client = new WebSocket(server.url, 'graphql-transport-ws');
  client.on('message', (data: Buffer) => heard.push(data.toString()));
  client.once('open', () => client.send('{"type":"connection_init"}'));
  await until(() => heard.splice(0).length === 1);
});
afterEach(async () => {
  client.terminate();
  sinks.length = 0;
  heard.length = 0;
  await server.close();
});

async function streams(count: number): Promise<void> {
  for (let id = 0; id < count; id += 1)
    client.send(`{"id":"${id}","type":"subscribe","payload":{"query":"subscription { changes }"}}`);
  await until(() => sinks.length === count);
}

const told = (count: number, what: string) =>
  Array.from({ length: count }, () => ({ position: { seq: 1, tag: 'a' }, what, bytes: 2 * what.length }));

test('one stream is written at once', async () => {
  await streams(1);
  const counted = writesTo(socket);
  for (const turn of [1, 2]) {
    expect(sinks[0]!.take(told(3, '1'))).toBe(3);
    expect(counted.writes).toBe(turn);
  }
});

test.each([2, 10])('%i streams of one connection are written together, at the end of the turn', async (count) => {
  await streams(count);
  const counted = writesTo(socket);
  for (const sink of sinks) expect(sink.take(told(3, '1'))).toBe(3);
  // A text that ws sends keeps its place.
  expect(sinks[0]!.take(told(1, '"grün"'))).toBe(1);
  expect(counted.writes).toBe(0);
  await until(() => heard.length === 3 * count + 1);
  expect(counted.writes).toBe(1);
  expect(heard.at(-1)).toBe('{"id":"0","type":"next","payload":"grün"}');
});

test('a connection on which one of two streams is left is written to at once again', async () => {
  await streams(2);
  client.send('{"id":"1","type":"complete"}');
  client.send('{"type":"ping"}');
  await until(() => heard.length === 1);
  const counted = writesTo(socket);
  sinks[0]!.take(told(1, '1'));
  expect(counted.writes).toBe(1);
});

test('what waits to be written together counts as not taken yet', async () => {
  await streams(2);
  const large = told(5, `"${'x'.repeat(30_000)}"`);
  const goesOn = new Promise<void>((resolve) => {
    expect(sinks[0]!.take(large)).toBe(3);
    expect(sinks[1]!.take(large)).toBe(0);
    sinks[1]!.whenRoom(resolve);
  });
  await goesOn;
  expect(sinks[1]!.take(large)).toBe(3);
  await until(() => heard.length === 6);
});
