import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { writesTo } from '../testing/writes-to.js';
import { EventStream } from './event-stream.js';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

const principal = { name: 'a', scope: { tenant: undefined, permissions: new Set<string>(), key: 'a' } };

test('a beat says how far the client has come, without telling it anything', async () => {
  let position: Position | undefined = { seq: 7, tag: 'a' };
  let stream!: EventStream;
  const seat = { position: () => position, leave: () => undefined };
  server = createServer((request, response) => {
    stream = new EventStream(request, response, principal, () => 65_536);
    stream.begin(seat);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  position = { seq: 9, tag: 'b' };
  expect(stream.beat()).toBe(true);
  // Nothing is written on top of what was not taken.
  expect(stream.beat()).toBe(true);
  while (stream.socket.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  position = undefined;
  expect(stream.beat()).toBe(true);
  stream.goAway();
  expect(await answer.text()).toBe('retry: 1000\nid: 7.a\n\n:\nid: 9.b\n\n:\n\n');
});

test('what is told at once is written at once', async () => {
  let stream!: EventStream;
  server = createServer((request, response) => {
    stream = new EventStream(request, response, principal, () => 65_536);
    stream.begin({ position: () => undefined, leave: () => undefined });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  const told = Array.from({ length: 20 }, (_each, index) => ({
    position: { seq: index, tag: 'a' },
    what: `data: ${index}\n\n`,
    bytes: 20,
  }));
  const counted = writesTo(stream.socket);
  expect(stream.take(told)).toBe(20);
  while (stream.socket.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(counted.writes).toBe(1);
  stream.goAway();
  expect(await answer.text()).toBe(`retry: 1000\n\n${told.map(({ what }) => what).join('')}`);
});
