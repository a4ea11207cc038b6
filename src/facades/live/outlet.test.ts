import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Outlet } from './outlet.js';

let server: Server;
let client: Socket;
let socket: Socket;
beforeEach(async () => {
  const accepted = new Promise<Socket>((resolve) => (server = createServer(resolve)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  socket = await accepted;
});
afterEach(async () => {
  client.destroy();
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('outlets that come and go on one connection leave nothing behind', async () => {
  const before = socket.listenerCount('drain');
  const outlets = Array.from({ length: 20 }, () => new Outlet(socket, 1000));
  await Promise.all(outlets.map((outlet) => new Promise<void>((resolve) => outlet.whenRoom(resolve))));
  expect(socket.listenerCount('drain')).toBe(before);
});

test('all who wait are told once when what was written has been taken', async () => {
  const outlet = new Outlet(socket, 1000);
  while (outlet.room) socket.write(Buffer.alloc(1_000_000));
  const told: string[] = [];
  const all = ['a', 'b'].map(
    (name) => new Promise<void>((resolve) => outlet.whenRoom(() => resolve(void told.push(name)))),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  client.resume();
  await Promise.all(all);
  expect([told, outlet.room]).toEqual([['a', 'b'], true]);
});
