import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

// Long enough for loopback to deliver what is not held back; a slower machine can only make these tests more lenient.
const aMoment = 200;

interface Line {
  socket: Socket;
  received(): string;
  /** How it ended for the client: `end` by FIN, else the code of the error. */
  ended: Promise<string>;
}

let echo: Server;
let proxy: TcpProxy;
const sockets = new Set<Socket>();

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('end', () => socket.end());
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy((echo.address() as AddressInfo).port);
});

afterEach(() => {
  proxy.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  echo.close();
});

function dial(): Line {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.add(socket);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
  });
  return { socket, received: () => received, ended };
}

async function say(line: Line, text: string): Promise<void> {
  const all = line.received() + text;
  line.socket.write(text);
  while (line.received() !== all) await once(line.socket, 'data');
}

test('passes both ways and counts', async () => {
  const line = dial();
  const big = 'x'.repeat(3_000_000);
  await say(line, 'hello');
  await say(line, big);
  await say(dial(), 'hello');
  expect([proxy.connections, proxy.accepted]).toEqual([2, 2]);
  line.socket.end();
  expect(await line.ended).toBe('end');
});

test('cut ends open connections with FIN, and serves the next', async () => {
  const line = dial();
  await say(line, 'hello');
  proxy.cut();
  expect(await line.ended).toBe('end');
  await say(dial(), 'again');
});

test('reset ends open connections with RST, and serves the next', async () => {
  const line = dial();
  await say(line, 'hello');
  proxy.reset();
  expect(await line.ended).toBe('ECONNRESET');
  await say(dial(), 'again');
});

test('hold passes nothing and keeps everything open; release passes it on', async () => {
  const before = dial();
  await say(before, 'hello ');
  proxy.hold();
  const during = dial();
  before.socket.write('world');
  during.socket.write('new');
  await sleep(aMoment);
  expect([before.received(), during.received()]).toEqual(['hello ', '']);
  expect([before.socket.readyState, during.socket.readyState]).toEqual(['open', 'open']);
  proxy.release();
  while (before.received() !== 'hello world') await once(before.socket, 'data');
  while (during.received() !== 'new') await once(during.socket, 'data');
});

test('halfClose ends what comes from the server only', async () => {
  const line = dial();
  const [server] = (await once(echo, 'connection')) as [Socket];
  await say(line, 'hello');
  proxy.halfClose();
  expect(await line.ended).toBe('end');
  line.socket.write('still heard');
  const [chunk] = (await once(server, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('still heard');
  expect(line.received()).toBe('hello');
});

test('truncateAfter lets exactly so many bytes through, once', async () => {
  const line = dial();
  await say(line, 'hello');
  const struck = proxy.truncateAfter(7);
  await say(line, '1234');
  line.socket.write('567890');
  expect(await line.ended).toBe('end');
  expect(line.received()).toBe('hello1234567');
  line.socket.end();
  await struck;
  await say(dial(), 'untruncated');
});

test('refuse refuses new connections and leaves the open ones; accept listens on the same port', async () => {
  const line = dial();
  await say(line, 'hello');
  proxy.refuse();
  expect(await dial().ended).toBe('ECONNREFUSED');
  await say(line, ' still here');
  await proxy.accept();
  await say(dial(), 'again');
});
