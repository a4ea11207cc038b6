import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrame } from './text-frame.js';

let server: WebSocketServer;
let client: WebSocket;
let socket: Socket;
beforeAll(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (_peer, request) => (socket = request.socket));
  await once(server, 'listening');
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
});
afterAll(() => {
  client.terminate();
  server.close();
});

/** What a client reads of it. */
async function read(frame: string): Promise<string> {
  const message = once(client, 'message');
  socket.write(frame, 'latin1');
  return String((await message)[0]);
}

test.each([0, 1, 125, 126, 127, 255, 256, 65_535])('a client reads a text of %i letters as it is', async (length) => {
  const text = 'x'.repeat(length);
  expect(await read(textFrame(text)!)).toBe(text);
});

test('any ASCII text is one frame; any other, and what is long, is left to ws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary-ascii' }), async (text) => {
      expect(await read(textFrame(text)!)).toBe(text);
    }),
  );
  for (const text of ['grün', '日本', 'x'.repeat(65_536)]) expect(textFrame(text)).toBeUndefined();
});
