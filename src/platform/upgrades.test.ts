import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { ConfigurationModel } from './config/model.js';
import { listen, type Listener } from './listener.js';

const { limits } = ConfigurationModel.parse({});
const webSocket = 'GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

let listener: Listener;
let upgraded = 0;
let held: ServerResponse[] = [];
afterEach(() => listener.close(0));

/** Answers with the body that was sent; holds back what is asked of `/held`. */
async function start(upgrades = true): Promise<void> {
  [upgraded, held] = [0, []];
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    limits,
    onRequest: (request, response) =>
      request.url === '/held'
        ? void held.push(response)
        : void text(request).then((body) => response.end(`got ${body}`)),
    ...(upgrades && {
      onUpgrade: (_request, socket) => {
        upgraded += 1;
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      },
    }),
  });
}

function send(bytes: string) {
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  return { socket, answer: text(socket) };
}

// java.net.http and `curl --http2` send this with each first request.
test.each([
  ['h2c', 'Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__'],
  ['TLS/1.0', 'Connection: close, Upgrade\r\nUpgrade: TLS/1.0'],
])('who would rather speak %s is answered in HTTP/1.1, body and all', async (_, headers) => {
  await start();
  const { answer } = send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n${headers}\r\n\r\nbody`);
  expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*got body/);
  expect(upgraded).toBe(0);
});

test('a connection becomes a WebSocket only when nothing is owed on it', async () => {
  await start();
  const { socket, answer } = send(`GET /held HTTP/1.1\r\nHost: a\r\n\r\n${webSocket}`);
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  held[0]!.end('first');
  socket.end();
  expect([...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '200']);
  expect(upgraded).toBe(0);
  expect(await send(webSocket).answer).toMatch(/^HTTP\/1\.1 101 /);
});

test('where nobody speaks WebSocket, asking for it is answered as a plain request', async () => {
  await start(false);
  const { answer } = send(webSocket.replace('Connection: Upgrade', 'Connection: close, Upgrade'));
  expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*got /);
});
