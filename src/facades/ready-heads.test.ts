import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { headLines, readyHeads } from './ready-heads.js';

const headers = { 'Content-Type': 'application/json', ETag: '"1"', Link: '<http://h/?a=b: c>' };
const body = '{"text":"hällo"}';
const bytes = Buffer.from(body);

/** Paths are `/<how>/<status>`: the same answers, with node's own heads and with ready ones. */
let server: Server;
beforeAll(async () => {
  const writeReady = readyHeads();
  const writers: Record<string, (response: ServerResponse, status: 200 | 304, all: Record<string, string>) => void> = {
    node: (response, status, all) => void response.writeHead(status, Object.entries(all).flat()),
    ready: (response, status, all) => writeReady(response, status, headLines(all)),
  };
  server = createServer({ keepAliveTimeout: 65_000 }, ({ url, method, headers: { origin } }, response) => {
    const [, how, status, pieces] = url!.split('/');
    if (origin !== undefined) response.setHeader('Access-Control-Allow-Origin', origin);
    const all = { ...headers, ...(status === '200' && { 'Content-Length': String(bytes.length) }) };
    writers[how!]!(response, Number(status) as 200 | 304, all);
    if (method === 'HEAD' || status === '304') return void response.end();
    if (!pieces) return void response.end(body, 'utf8');
    response.cork();
    response.write(bytes.subarray(0, 5));
    response.write(bytes.subarray(5));
    response.end();
  });
  server.maxRequestsPerSocket = 3;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** What comes over one connection for these requests, which are written at once. */
async function over(...requests: readonly string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(requests.map((each) => `${each}\r\n\r\n`).join(''));
  return text(socket);
}

const undated = (answer: string) => answer.replaceAll(/^Date: .*GMT\r$/gm, 'Date: some\r');

const host = 'HTTP/1.1\r\nHost: h';
const close = `GET /node/200 ${host}\r\nConnection: close`;

describe('a ready head is the very one that node makes', () => {
  test.each<[string, (path: string) => string[]]>([
    ['on a connection that stays open', (path) => [`GET ${path}/200 ${host}`, `GET ${path}/200 ${host}`, close]],
    ['until its requests are used up', (path) => [...Array<string>(3).fill(`GET ${path}/200 ${host}`), close]],
    ['without a body', (path) => [`HEAD ${path}/200 ${host}`, `HEAD ${path}/200 ${host}`, close]],
    ['of what the client has', (path) => [`GET ${path}/304 ${host}`, `GET ${path}/304 ${host}`, close]],
    ['before a body in pieces', (path) => [`GET ${path}/200/pieces ${host}`, `GET ${path}/200/pieces ${host}`, close]],
    ['for a client that closes', (path) => [`GET ${path}/200 ${host}\r\nConnection: close`]],
    ['for a client of HTTP/1.0', (path) => [`GET ${path}/200 HTTP/1.0`]],
    ['for one that keeps it open', (path) => [`GET ${path}/200 HTTP/1.0\r\nConnection: keep-alive`, close]],
    ['beside headers that are set', (path) => [`GET ${path}/200 ${host}\r\nOrigin: http://o`, close]],
  ])('%s', async (_what, ask) => {
    const expected = undated(await over(...ask('/node')));
    expect(expected).toContain('HTTP/1.1 ');
    // Twice, so that one of them at least is no first of its second.
    for (const _time of [1, 2]) expect(undated(await over(...ask('/ready')))).toBe(expected);
  });

  test('with a date that goes on', async () => {
    const dates = new Set<number>();
    while (dates.size < 3)
      dates.add(Date.parse(/^Date: (.*)$/m.exec(await over(`GET /ready/200 ${host}`, close))![1]!));
    const [first, , third] = [...dates];
    expect(third).toBeGreaterThan(first!);
    expect(third).toBeLessThanOrEqual(Date.now());
    expect(third).toBeGreaterThan(Date.now() - 5000);
  });
});

test('what HTTP does not allow in a header is refused before anything is sent', () => {
  expect(() => headLines({ Link: 'a\r\nX-Injected: b' })).toThrow(/Link/);
  expect(() => headLines({ 'X Y': 'a' })).toThrow(/X Y/);
});
