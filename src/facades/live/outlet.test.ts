import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { selfSigned } from '#platform/testing/self-signed.js';
import { backlogOf, Outlet } from './outlet.js';

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
  const outlets = Array.from({ length: 20 }, () => new Outlet(socket, () => 1000));
  await Promise.all(outlets.map((outlet) => new Promise<void>((resolve) => outlet.whenRoom(resolve))));
  expect(socket.listenerCount('drain')).toBe(before);
});

test('a connection has its part of what may be untaken, as many as are open then, but no more than one may have', () => {
  let open = 0;
  const backlog = backlogOf({ backlog: 1_000_000, untaken: 10_000_000 }, () => open);
  const outlet = new Outlet(socket, backlog);
  const parts = [0, 1, 10, 20, 100, 153, 1000].map((count) => {
    open = count;
    return backlog();
  });
  expect(parts).toEqual([1_000_000, 1_000_000, 1_000_000, 500_000, 100_000, 65_536, 65_536]);
  while (socket.writableLength < 200_000) socket.write(Buffer.alloc(100_000));
  const rooms = [1, 20, 1000].map((count) => {
    open = count;
    return outlet.hasRoom(250_000 - socket.writableLength);
  });
  expect(rooms).toEqual([true, true, false]);
});

test('all who wait are told once when what was written has been taken', async () => {
  const outlet = new Outlet(socket, () => 1000);
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

test.each(['plain', 'TLS'])(
  'stuck is who takes nothing, and nobody who takes little by little (%s)',
  async (how) => {
    if (how === 'TLS') await secure();
    let stuck = false;
    // What comes behind the first waits in one write.
    for (let n = 0; n < 60; n += 1) socket.write(Buffer.alloc(1_000_000));
    await taking(8_000_000);
    new Outlet(socket, () => 1000).whenStuck(1500, () => (stuck = true));
    for (let n = 0; n < 20; n += 1) {
      await sleep(200);
      await taking(2_000_000);
    }
    expect([stuck, socket.writableLength > 0]).toEqual([false, true]);
    while (!stuck) await sleep(50);
  },
  60_000,
);

/** Has both talk TLS instead. */
async function secure(): Promise<void> {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  const { certificate: cert, key } = selfSigned('outlet');
  const accepted = new Promise<Socket>((resolve) => (server = createTlsServer({ cert, key }, resolve)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca: cert }).pause();
  socket = await accepted;
}

/** The client takes about so many bytes more. */
async function taking(bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const piece = client.read() as Buffer | null;
    if (piece) left -= piece.length;
    else await sleep(5);
  }
}
