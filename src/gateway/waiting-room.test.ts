import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { waitingRoom, type WaitingRoom } from './waiting-room.js';

const health = { ready: () => false, report: () => ['[-] store'] };
let server: Server;
let room: WaitingRoom;
let arrived: number;

async function start(patience: number): Promise<void> {
  room = waitingRoom(patience, health);
  arrived = 0;
  server = createServer((request, response) => {
    room.handle(request, response);
    arrived += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

beforeEach(() => start(60_000));
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const ask = (path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
const come = async (count: number) => {
  while (arrived < count) await new Promise(setImmediate);
};

test('who waits is handed on with its body, in the order of coming', async () => {
  const order: string[] = [];
  const answers = [ask('/a', { method: 'POST', body: 'written early' })];
  await come(1);
  answers.push(ask('/b'));
  await come(2);
  room.open((request, response) => {
    order.push(request.url!);
    request.pipe(response);
  });
  const texts = await Promise.all(answers.map(async (each) => (await each).text()));
  expect([texts, order]).toEqual([
    ['written early', ''],
    ['/a', '/b'],
  ]);
});

test.each([
  ['/livez', 200],
  ['/readyz?verbose', 503],
  ['/metrics', 503],
])('%s is answered at once with %d', async (path, expected) => {
  const { status, headers } = await ask(path);
  expect([status, headers.get('retry-after')]).toEqual([expected, expected === 200 ? null : '1']);
});

test('who has waited long enough, or is sent away, is answered 503', async () => {
  await new Promise((resolve) => server.close(resolve));
  await start(10);
  expect((await ask('/late')).status).toBe(503);
  room = waitingRoom(60_000, health);
  const sent = ask('/sent-away');
  await come(2);
  room.close();
  expect((await sent).status).toBe(503);
});

test('who left is not handed on', async () => {
  const leaving = new AbortController();
  const asked = ask('/gone', { signal: leaving.signal });
  await come(1);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  const stays = ask('/stays');
  await come(2);
  while ((await connections()) > 1) await new Promise(setImmediate);
  const seen: string[] = [];
  room.open((request, response) => {
    seen.push(request.url!);
    response.end();
  });
  await stays;
  expect(seen).toEqual(['/stays']);
});

const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

test('beyond 512 nobody waits', async () => {
  const all = Array.from({ length: 513 }, () => ask('/'));
  const first = await Promise.race(all);
  expect(first.status).toBe(503);
  await come(513);
  room.open((_request, response) => void response.end('served'));
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(512);
});
