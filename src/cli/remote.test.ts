import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ask, pauseFor, remoteAt, type Remote } from './remote.js';

interface Refusal {
  readonly status: number;
  readonly retryAfter?: string;
}

let server: Server;
let remote: Remote;
/** What is answered before all is well. */
let refusals: Refusal[];
let asked: string[];
let waits: string[];
beforeEach(async () => {
  [refusals, asked, waits] = [[], [], []];
  server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      asked.push(`${request.method} ${request.url} ${body}`);
      const { status = 200, retryAfter } = refusals.shift() ?? {};
      response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
      response.end(JSON.stringify(status === 200 ? { well: true } : { detail: 'Not now.' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  remote = remoteAt(`http://127.0.0.1:${port}`, {}, (message) => waits.push(message));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

describe('a gateway that cannot answer now', () => {
  test('is asked the same again when it says, and each wait is told', async () => {
    refusals = [{ status: 503, retryAfter: '0' }, { status: 429, retryAfter: '1' }, { status: 503 }];
    expect(await ask(remote, '/a', { some: 1 })).toEqual({ well: true });
    expect(asked).toEqual(Array.from({ length: 4 }, () => 'POST /a {"some":1}'));
    const told = (status: number, rest: string) =>
      `${remote.url} cannot answer now (${status}). Asking again in ${rest}`;
    expect(waits).toEqual([
      told(503, '0 s, 5 times more.'),
      told(429, '1 s, 4 times more.'),
      told(503, '1 s, 3 times more.'),
    ]);
  });

  test('is given up after six times, with what it said last', async () => {
    refusals = Array.from({ length: 10 }, () => ({ status: 503, retryAfter: '0' }));
    await expect(ask(remote, '/a')).rejects.toThrow(`${remote.url} refused (503): Not now.`);
    expect([asked.length, waits.length]).toEqual([6, 5]);
  });
});

test.each([401, 409, 413, 500])('who refuses for another reason (%i) is not asked again', async (status) => {
  refusals = [{ status, retryAfter: '0' }];
  await expect(ask(remote, '/a')).rejects.toThrow(`refused (${status})`);
  expect([asked.length, waits]).toEqual([1, []]);
});

test('nobody is waited for longer than half a minute, however that is asked', () => {
  const until = (seconds: number) => new Date(Date.now() + 1000 * seconds).toUTCString();
  expect(['0', '7', '3600', until(3600), until(-60)].map((said) => pauseFor(said))).toEqual([0, 7, 30, 30, 0]);
  expect([undefined, '', 'soon'].map((said) => pauseFor(said))).toEqual([1, 1, 1]);
});
