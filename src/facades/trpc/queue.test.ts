import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Told } from '#subscriptions/live/stream.js';
import { Outlet } from '../live/outlet.js';
import { Turns } from '../../platform/turns.js';
import { Queue } from './queue.js';

let server: Server;
let client: Socket;
let socket: Socket;
let queue: Queue<number>;
beforeEach(async () => {
  const accepted = new Promise<Socket>((resolve) => (server = createServer(resolve)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  socket = await accepted;
  queue = new Queue(new Outlet(socket, () => 100_000), new Turns());
});
afterEach(async () => {
  client.destroy();
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const told = (count: number, bytes: number): readonly Told<number>[] =>
  Array.from({ length: count }, (_each, what) => ({ position: { seq: what, tag: 'a' }, what, bytes }));

/** What is read next, and as many more. */
async function read(reader: AsyncIterator<Told<number | null>>, count: number) {
  const all: unknown[] = [];
  for (let each = 0; each < count; each += 1) all.push(((await reader.next()).value as Told<number>).what);
  return all;
}

test('what waits for who reads nothing is bounded by what it takes of memory, and by its number', () => {
  expect(queue.take(told(10, 40_000))).toBe(3);
  expect(queue.take(told(1, 1))).toBe(0);
  expect(new Queue(new Outlet(socket, () => 100_000), new Turns()).take(told(300, 10))).toBe(256);
  expect(new Queue(new Outlet(socket, () => 100_000), new Turns()).take(told(2, 1_000_000))).toBe(1);
});

test('there is room when all of it has been sent, and what is being sent is counted until then', async () => {
  const reader = queue[Symbol.asyncIterator]();
  queue.take(told(10, 40_000));
  let room = false;
  const goesOn = new Promise<void>((resolve) => queue.whenRoom(() => resolve(void (room = true))));
  expect(await read(reader, 3)).toEqual([0, 1, 2]);
  expect([queue.take(told(10, 99_999)), queue.take(told(1, 1)), room]).toEqual([1, 0, false]);
  expect(await read(reader, 1)).toEqual([0]);
  const next = read(reader, 1);
  await goesOn;
  queue.take(told(1, 1));
  expect(await next).toEqual([0]);
});

test('nothing waits for a connection that has not taken what was written, and all goes on when it has', async () => {
  const reader = queue[Symbol.asyncIterator]();
  while (socket.writableLength < 100_000) socket.write(Buffer.alloc(1_000_000));
  expect(queue.take(told(1, 10))).toBe(0);
  let room = false;
  const goesOn = new Promise<void>((resolve) => queue.whenRoom(() => resolve(void (room = true))));
  await new Promise((resolve) => setImmediate(resolve));
  expect(room).toBe(false);
  client.resume();
  await goesOn;
  expect(queue.take(told(1, 10))).toBe(1);
  expect(await read(reader, 1)).toEqual([0]);
});
