import { execFile } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report, Work } from './hostile-worker.js';
import { head, pour, rawReceiver, type Receiver } from './receiver.js';

const worker = fileURLToPath(new URL('./hostile-worker.js', import.meta.url));
const timeout = 1000;
const mostGrowth = { resident: 16 * 1024 * 1024, held: 1024 * 1024 };

// A young generation that is let grow, and arenas of threads, keep tens of MiB of what passed through them and is not held.
const flags = ['--expose-gc', '--max-semi-space-size=1'];
const env = { ...process.env, MALLOC_ARENA_MAX: '1' };

const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;

/** Writes a byte now and then, for as long as somebody is there. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('x'), 100);
  socket.once('close', () => clearInterval(timer));
}

const hostile: Readonly<Record<string, (socket: Socket) => void>> = {
  'a body without end': (socket) => (socket.write(head('transfer-encoding: chunked')), pour(socket, chunk)),
  'a body of a terabyte': (socket) => (socket.write(head('content-length: 999999999999')), pour(socket, 'x')),
  'a body a byte at a time': (socket) => (socket.write(head('content-length: 1000')), drip(socket)),
  'a head a byte at a time': (socket) => (socket.write('HTTP/1.1 200 OK\r\nx-slow: '), drip(socket)),
  'a bomb': (socket) =>
    void socket.end(
      Buffer.concat([Buffer.from(head('content-encoding: gzip', `content-length: ${bomb.length}`)), bomb]),
    ),
  'a header of a megabyte': (socket) => void socket.end(head(`x-big: ${'x'.repeat(1024 * 1024)}`)),
  'headers without end': (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), pour(socket, `x: ${'y'.repeat(100)}\r\n`)),
  'interim answers without end': (socket) => pour(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  silence: () => undefined,
};

let receivers: readonly Receiver[];
beforeAll(async () => {
  const answering = Object.values(hostile).map((take) =>
    rawReceiver((socket) => socket.once('data', () => take(socket))),
  );
  receivers = await Promise.all(answering);
});
afterAll(async () => {
  for (const each of receivers) await each.close();
});

test('whatever a callback answers, attempts end in time and leave no memory behind', async () => {
  const work: Work = { urls: receivers.map(({ url }) => url), timeout, rounds: 4, parallel: 4 };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, worker, JSON.stringify(work)], { env });
  const report = JSON.parse(stdout) as Report;
  expect(report.attempts).toBe(6 * 4 * receivers.length);
  const late = Object.keys(hostile).filter((_, at) => report.late[at]! > 0);
  expect(late).toStrictEqual([]);
  expect(report.growth.resident).toBeLessThan(mostGrowth.resident);
  expect(report.growth.held).toBeLessThan(mostGrowth.held);
});
