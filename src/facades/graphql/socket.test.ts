import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { selfSigned } from '../../platform/testing/self-signed.js';
import { untaken } from '../live/outlet.js';
import { LiveSocket } from './socket.js';
import { until } from './testing/web-socket-client.js';

const limits = { backlog: () => 65_536, messageBytes: 1000, messagesPerSecond: 50 };
let http: Server;
let client: WebSocket;
beforeEach(() => {
  http = createServer();
});
afterEach(async () => {
  client.terminate();
  await new Promise((resolve) => http.close(resolve));
});

async function opened(options?: WebSocket.ClientOptions, scheme = 'ws'): Promise<LiveSocket> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  const taken = new Promise<LiveSocket>((resolve) =>
    http.once('upgrade', (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (ws) => resolve(new LiveSocket(ws, request, 'x', limits))),
    ),
  );
  client = new WebSocket(`${scheme}://127.0.0.1:${(http.address() as AddressInfo).port}`, options);
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('open', resolve));
  return taken;
}

test.each([true, false])(
  'a sign of life is the answer to our last ping, and no other pong (answered: %s)',
  async (autoPong) => {
    const socket = await opened({ autoPong });
    const pinged = new Promise((resolve) => client.once('ping', resolve));
    expect(socket.beat()).toBe(true);
    await pinged;
    // Said by both; the first one has answered before.
    client.pong('I am here');
    const answered = new Promise((resolve) => client.once('pong', resolve));
    client.ping();
    await answered;
    expect(socket.beat()).toBe(autoPong);
  },
);

test('who takes little by little is there without answering a ping, and who takes nothing is not', async () => {
  const live = await opened();
  let pings = 0;
  client.on('ping', () => (pings += 1));
  const peer = Reflect.get(client, '_socket') as Socket;
  peer.pause();
  const { socket } = live;
  let wants = 0;
  peer.on('data', ({ length }: Buffer) => (wants -= length) > 0 || peer.pause());
  while (socket.writableLength < 40_000_000) {
    live.send('x'.repeat(1_000_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(live.beat()).toBe(true);
  for (let each = 0; each < 2; each += 1) {
    const before = untaken(socket);
    // A system takes on when much of its buffer is free.
    await until(() => {
      if (wants <= 0) wants = 1_000_000;
      peer.resume();
      return untaken(socket) !== before;
    });
    wants = 0;
    peer.pause();
    expect([live.beat(), socket.writableLength > 0]).toEqual([true, true]);
  }
  // What is on its way still comes.
  await until(() => !live.beat());
  expect([pings, socket.writableLength > 0]).toEqual([0, true]);
  wants = Infinity;
  peer.resume();
  await until(() => socket.writableLength === 0);
  // Its ping stands behind what both systems hold.
  expect([live.beat(), live.beat()]).toEqual([true, true]);
  // What streams say in this turn is no sign that it takes nothing.
  for (let stream = 0; stream < 2; stream += 1) live.keep(1);
  live.sendTogether(['x'], (text) => text);
  expect([socket.writableLength > 0, live.beat()]).toEqual([true, true]);
  await until(() => pings === 1);
});

test.each(['ws', 'wss'])('who takes nothing is not there, though it is told more and more (%s)', async (scheme) => {
  const { certificate: cert, key } = selfSigned('one');
  if (scheme === 'wss') http = createSecureServer({ cert, key });
  const live = await opened({ rejectUnauthorized: false }, scheme);
  (Reflect.get(client, '_socket') as Socket).pause();
  while (live.socket.writableLength < 20_000_000) {
    live.send('x'.repeat(1_000_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  let beats = 0;
  for (; beats < 200 && live.beat(); beats += 1) {
    live.send('x'.repeat(200));
    // What is on its way still comes.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(beats).toBeLessThan(200);
});
