import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ConfigurationModel } from './config/model.js';
import { listen, type Listener, type ListenOptions } from './listener.js';

const { limits } = ConfigurationModel.parse({});
const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close(0))));

async function start(options: Partial<ListenOptions> = {}) {
  const onRequest = (_request: IncomingMessage, response: ServerResponse) => void response.end('hello');
  const listener = await listen({ host: '127.0.0.1', port: 0, limits, onRequest, ...options });
  open.push(listener);
  return listener;
}

/** Writes raw bytes and reads until the server ends the connection. */
async function raw(listener: Listener, ...parts: readonly string[]) {
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => {});
  for (const part of parts) socket.write(part, 'latin1');
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { answer, head, body, status: Number(head.split(' ')[1]) };
}

async function get(listener: Listener, agent: Agent) {
  const sent = request(listener.url, { agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { response, body: await text(response) };
}

describe('serving', () => {
  test('says where', async () => {
    const listener = await start();
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
    expect(await (await fetch(listener.url)).text()).toBe('hello');
  });

  test('works on IPv6, with and without brackets', async () => {
    for (const host of ['::1', '[::1]']) {
      const listener = await start({ host });
      expect(listener.url).toBe(`http://[::1]:${listener.port}`);
      expect((await fetch(listener.url)).status).toBe(200);
    }
  });

  test.each([
    ['a port in use', async () => ({ port: (await start()).port }), /^Port \d+ on 127\.0\.0\.1 is in use\. .*--port/],
    [
      'a foreign address',
      async () => ({ host: '192.0.2.1' }),
      /^192\.0\.2\.1 is no address of this machine\. .*--host/,
    ],
    [
      'an unknown name',
      async () => ({ host: 'nowhere.invalid' }),
      /^(The host name 'nowhere\.invalid' is not known|Cannot listen)/,
    ],
  ])('refuses %s with what to do', async (_what, options, message) => {
    await expect(start(await options())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(message),
    });
  });

  test('hands over upgrades, and survives a client that resets them', async () => {
    const upgraded: Socket[] = [];
    const listener = await start({
      onUpgrade: (_request, socket, head) => {
        upgraded.push(socket as Socket);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${head.toString()}`);
      },
    });
    const socket = connect(listener.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1.1 101 .*hi$/s);
    const closed = new Promise((resolve) => upgraded[0]!.once('close', resolve));
    socket.resetAndDestroy();
    await closed;
    expect((await fetch(listener.url)).status).toBe(200);
  });
});

describe('what HTTP forbids', () => {
  const host = 'Host: a\r\n';
  test.each<[string, number, string]>([
    ['nonsense', 400, 'hello\r\n\r\n'],
    ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 400, `GET / HTTP/1.1\r\n${host}hOST: b\r\n\r\n`],
    ['a target of another scheme', 400, `GET ftp://b/ HTTP/1.1\r\n${host}\r\n`],
    ['a target with a user', 400, `GET http://me@b/ HTTP/1.1\r\n${host}\r\n`],
    ['an absolute target without Host', 400, 'GET http://b/ HTTP/1.1\r\n\r\n'],
    ['two lengths', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'a length and chunks',
      400,
      `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a folded header', 400, `GET / HTTP/1.1\r\n${host}A: b\r\n c: d\r\n\r\n`],
    ['bare line feeds', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a space before the colon', 400, `GET / HTTP/1.1\r\n${host}A : b\r\n\r\n`],
    ['a bad upgrade', 400, 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['headers too large', 431, `GET / HTTP/1.1\r\n${host}A: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['a URI beyond all measure', 431, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n${host}\r\n`],
  ])('%s is answered %i with a problem, and the connection ends', async (_what, status, sent) => {
    const asked: unknown[] = [];
    const listener = await start({ onRequest: (each) => asked.push(each), onUpgrade: (each) => asked.push(each) });
    const answer = await raw(listener, sent);
    expect(answer.status).toBe(status);
    expect(answer.head).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'about:blank',
      status,
      detail: expect.stringMatching(/\.$/),
    });
    expect(asked).toEqual([]);
  });

  test.each([
    ['http://b:80/c?d=http://e', '/c?d=http://e b:80'],
    ['HTTPS://b', '/ b'],
    ['http://b?c', '/?c b'],
    ['/http://b', '/http://b a'],
  ])('the target %s is taken for %s', async (target, taken) => {
    const onRequest: ListenOptions['onRequest'] = (request, response) =>
      void response.end(`${request.url} ${request.headers.host}`);
    const sent = `GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    expect(await raw(await start({ onRequest }), sent)).toMatchObject({
      status: 200,
      body: expect.stringContaining(taken),
    });
    const onUpgrade: ListenOptions['onUpgrade'] = ({ url, headers }, socket) =>
      void socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${url} ${headers.host}`);
    const upgrade = `GET ${target} HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    expect(await raw(await start({ onUpgrade }), upgrade)).toMatchObject({ status: 101, body: taken });
  });

  test.each([
    ['headers', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx'],
  ])('%s that never end are answered 408', async (_what, sent) => {
    const listener = await start({
      limits: { ...limits, headersTimeout: 100, requestTimeout: 200 },
      onRequest: () => {},
    });
    expect((await raw(listener, sent)).status).toBe(408);
  });

  test('never puts a second answer into a first', async () => {
    const listener = await start({ onRequest: (_request, response) => void response.write('begun') });
    const { answer } = await raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'nonsense\r\n\r\n');
    expect(answer.match(/HTTP\/1\.1 /g) ?? []).not.toHaveLength(2);
  });

  test('a URI of 60 KB arrives, for somebody to answer 414', async () => {
    const listener = await start();
    const sent = `GET /${'x'.repeat(60_000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    expect((await raw(listener, sent)).status).toBe(200);
  });

  test('OPTIONS * and HTTP/1.0 without Host are none of it', async () => {
    const listener = await start();
    expect((await raw(listener, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).status).toBe(200);
    expect((await raw(listener, 'GET / HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  test('connections beyond the limit are dropped and counted', async () => {
    const listener = await start({ limits: { ...limits, maxConnections: 1 } });
    const first = connect(listener.port, '127.0.0.1');
    await once(first, 'connect');
    first.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(first, 'data');
    expect((await raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).answer).toBe('');
    expect(listener.refused).toBe(1);
    first.destroy();
  });

  test('those that wait are accepted many at a time', async () => {
    const listener = await start();
    const clients = Array.from({ length: 64 }, () => connect(listener.port, '127.0.0.1'));
    let connected = 0;
    for (const client of clients) client.once('connect', () => (connected += 1));
    // The system has taken them all by then, and nobody else.
    const until = performance.now() + 100;
    while (performance.now() < until);
    let answered = 0;
    for (const client of clients) {
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      client.once('data', () => (answered += 1));
    }
    let turns = 0;
    for (; answered < clients.length && turns < 1000; turns += 1) await nextTurn();
    expect(connected).toBe(64);
    // With one socket it took more turns than there are connections.
    if (process.platform === 'linux') expect(turns).toBeLessThan(48);
    for (const client of clients) client.destroy();
  });

  test('a connection is given up after its last request', async () => {
    const listener = await start({ limits: { ...limits, maxRequestsPerSocket: 2 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const seen: (string | undefined)[] = [];
    for (let at = 0; at < 3; at++) seen.push((await get(listener, agent)).response.headers.connection);
    expect(seen).toEqual(['keep-alive', 'close', 'keep-alive']);
    agent.destroy();
    // Whoever goes on is told nothing more.
    const { answer } = await raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4));
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  });
});

describe('leaving', () => {
  test('ends kept connections with their next answer, and takes new ones', async () => {
    const listener = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await get(listener, agent)).response.headers.connection).toBe('keep-alive');
    const left = listener.leave(60_000);
    expect((await get(listener, agent)).response.headers.connection).toBe('close');
    expect((await get(listener, agent)).response.headers.connection).toBe('close');
    await left;
    agent.destroy();
  });

  test('waits no longer than it is told for one that asks nothing', async () => {
    const listener = await start();
    const agent = new Agent({ keepAlive: true });
    await get(listener, agent);
    await listener.leave(10);
    await listener.close(60_000);
    agent.destroy();
  });

  test('who was taken by the system before the port is closed is answered', async () => {
    for (let round = 0; round < 20; round += 1) {
      const listener = await start();
      const asked = Array.from({ length: 30 }, () =>
        raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      );
      await new Promise(setImmediate);
      await listener.leave(0);
      await listener.close(60_000);
      expect((await Promise.all(asked)).filter(({ status }) => status !== 200)).toEqual([]);
    }
  });
});

describe('closing', () => {
  test('lets what is in flight finish, with Connection: close, and takes nothing new', async () => {
    const waiting: ServerResponse[] = [];
    const listener = await start({ onRequest: (_request, response) => void waiting.push(response) });
    const agent = new Agent({ keepAlive: true });
    const answered = get(listener, agent);
    while (waiting.length === 0) await new Promise(setImmediate);
    const closed = listener.close(60_000);
    await expect(fetch(listener.url)).rejects.toThrow('fetch failed');
    waiting[0]!.end('done');
    const { response, body } = await answered;
    expect([response.headers.connection, body]).toEqual(['close', 'done']);
    await closed;
    agent.destroy();
  });

  test('closes idle connections at once, and those whose answer had begun after it', async () => {
    const waiting: ServerResponse[] = [];
    const listener = await start({
      onRequest: (request, response) => {
        if (request.url === '/idle') response.end();
        else waiting.push(response.writeHead(200, { 'Content-Length': 5 }));
        response.flushHeaders();
      },
    });
    const socket = connect(listener.port, '127.0.0.1');
    socket.write('GET /idle HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    const begun = connect(listener.port, '127.0.0.1');
    begun.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const rest = text(begun);
    while (waiting.length === 0) await new Promise(setImmediate);
    const idleClosed = once(socket, 'close');
    const closed = listener.close(60_000);
    await idleClosed;
    waiting[0]!.end('12345');
    await closed;
    expect(await rest).toMatch(/12345$/);
  });

  test('destroys after the grace what does not end, upgraded sockets too', async () => {
    const held: unknown[] = [];
    const listener = await start({ onRequest: (each) => held.push(each), onUpgrade: (each) => held.push(each) });
    const hanging = raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upgraded = raw(listener, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    while (held.length < 2) await new Promise(setImmediate);
    await listener.close(10);
    expect([(await hanging).answer, (await upgraded).answer]).toEqual(['', '']);
  });
});
