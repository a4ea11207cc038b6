import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
const o2 = '/o2ims-infrastructureInventory/v2/resourcePools';

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 400, pools: 5, changesPerSecond: 0 } } },
    clients: { admin: { roles: ['admin'] } },
    yaml: 'limits: { bodyBytes: 4KiB, urlBytes: 1KiB, headerBytes: 1KiB, headersTimeout: 400ms, requestTimeout: 900ms, maxConnections: 40 }',
  });
});

afterEach(async () => {
  expect((await gateway.send(o2, { as: 'admin' })).status).toBe(200);
});

afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

function open(): Socket {
  const { hostname, port } = new URL(gateway.url);
  return connect(Number(port), hostname);
}

/** What comes back until the gateway ends the connection. */
function untilEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    // A gateway that refuses may reset what it does not want to read.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(text));
  });
}

/** Sends and keeps the connection open; the gateway must end it. */
function talk(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = open();
  for (const part of parts) socket.write(part);
  return untilEnd(socket);
}

/** One byte of `text` every 50 ms, for as long as the gateway listens. */
function drip(begin: string, text: string): Promise<string> {
  const socket = open();
  socket.write(begin);
  let at = 0;
  const timer = setInterval(() => socket.writable && socket.write(text[at++ % text.length]!), 50);
  return untilEnd(socket).finally(() => clearInterval(timer));
}

function expectProblem(answer: string, status: number): void {
  expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as {
    readonly status: number;
    readonly detail: string;
  };
  expect(body).toMatchObject({ status, detail: expect.stringMatching(/\.$/) });
}

const head = (line: string, ...more: readonly string[]) =>
  [`${line} HTTP/1.1`, 'Host: gateway', 'Authorization: Bearer admin', ...more, '', ''].join('\r\n');
const json = 'Content-Type: application/json';
const bodied = [
  ['own', 'POST /netweave/v1/resourcePools'],
  ['trpc', 'POST /trpc/resourcePools.create'],
  ['graphql', 'POST /graphql'],
] as const;

describe('slow senders are cut off with 408', () => {
  test.concurrent('headers that stop', async () => expectProblem(await talk(`GET ${o2} HTTP/1.1\r\nHost: gat`), 408));
  test.concurrent('headers that drip', async () => expectProblem(await drip(`GET ${o2} HTTP/1.1\r\nHost: `, 'x'), 408));
  test.concurrent('a request line that drips', async () => expectProblem(await drip('GET /', 'x'), 408));
  test.concurrent('nothing at all', async () => expect(await talk()).toMatch(/^($|HTTP\/1.1 408 )/));

  test.concurrent.each(bodied)('a body that stops, for %s', async (_, line) => {
    expectProblem(await talk(head(line, json, 'Content-Length: 100'), '{"a'), 408);
  });

  test.concurrent.each(bodied)('a body that drips, for %s', async (_, line) => {
    expectProblem(await drip(head(line, json, 'Content-Length: 4000'), ' '), 408);
  });

  test.concurrent.each(bodied)('chunks that stop, for %s', async (_, line) => {
    expectProblem(await talk(head(line, json, 'Transfer-Encoding: chunked'), '5\r\n{"a":\r\n'), 408);
  });
});

describe('what is too large is refused before it is read', () => {
  const large = `{"name":"${'x'.repeat(8000)}"}`;

  test.each(bodied)('a body announced as too large, for %s: 413', async (_, line) => {
    const answer = await talk(head(line, json, 'Content-Length: 1000000000', 'Connection: close'), large);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test.each(bodied)('chunks that grow too large, for %s: 413', async (_, line) => {
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n`;
    const answer = await talk(head(line, json, 'Transfer-Encoding: chunked', 'Connection: close'), chunk, '0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test.each(bodied)('a body that unpacks to too much, for %s', async (_, line) => {
    const { gzipSync } = await import('node:zlib');
    const packed = gzipSync(Buffer.alloc(2_000_000, ' '));
    const said = [json, 'Content-Encoding: gzip', `Content-Length: ${packed.length}`, 'Connection: close'];
    expect(await talk(head(line, ...said), packed)).toMatch(/^HTTP\/1.1 4(13|15|00) /);
  });

  test.each([o2, '/netweave/v1/resourcePools', '/trpc/resourcePools.list', '/graphql', '/docs', '/nothing'])(
    'a URI that is too long: 414 at %s',
    async (path) => {
      const answer = await talk(head(`GET ${path}?filter=${'x'.repeat(1100)}`, 'Connection: close'));
      expectProblem(answer, 414);
    },
  );

  test('headers that are too large: 431', async () => {
    expectProblem(
      await talk(head(`GET ${o2}`, ...Array.from({ length: 30 }, (_, at) => `X-${at}: ${'x'.repeat(4000)}`))),
      431,
    );
    expectProblem(await talk(head(`GET ${o2}?${'x'.repeat(70_000)}`)), 431);
  });
});

describe('what is no HTTP/1.1', () => {
  test.each([
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['noise', Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 37) % 256))],
    ['a byte of zero in a header', `GET ${o2} HTTP/1.1\r\nHost: a\r\nX: \u0000\r\n\r\n`],
    ['a length below zero', head('POST /graphql', json, 'Content-Length: -1')],
    ['a chunk of no size', `${head('POST /graphql', json, 'Transfer-Encoding: chunked')}zz\r\n`],
  ])('%s is refused', async (_, sent) => expectProblem(await talk(sent), 400));

  test('an expectation that cannot be met: 417', async () => {
    expect(await talk(head(`GET ${o2}`, 'Expect: miracles', 'Connection: close'))).toMatch(/^HTTP\/1.1 417 /);
  });

  test('requests in a row are answered in their order', async () => {
    const answer = await talk(head(`GET ${o2}`), head('GET /nothing'), head(`GET ${o2}`, 'Connection: close'));
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });
});

test('who leaves, at whatever moment, is no trouble', async () => {
  const lines = [
    head(`GET ${o2}?all_fields`),
    head('POST /graphql', json, 'Content-Length: 50'),
    `${head('POST /netweave/v1/resourcePools', json, 'Content-Length: 60')}{"name":"left behind","description":"whose maker went"}      `,
  ];
  for (const line of lines) {
    for (const wait of [0, 1, 5]) {
      const socket = open();
      socket.on('error', () => undefined);
      socket.write(line);
      await new Promise((resolve) => setTimeout(resolve, wait));
      socket.resetAndDestroy();
    }
  }
});

test('connections beyond the limit are closed, and those before it served', async () => {
  const many = Array.from({ length: 80 }, () => open());
  const ends = many.map((socket) => untilEnd(socket));
  for (const socket of many) socket.write(head(`GET ${o2}`, 'Connection: close'));
  const answers = await Promise.all(ends);
  expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200')).length).toBeGreaterThanOrEqual(30);
  expect(answers.every((answer) => answer === '' || answer.startsWith('HTTP/1.1 200'))).toBe(true);
  await until(async () => (await gateway.send('/readyz')).status === 200);
});
