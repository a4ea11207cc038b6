import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import type { Answer, Outbound, OutboundCall } from '#platform/outbound/client.js';
import { OutboundFault } from '#platform/outbound/fault.js';
import { head, here, pour, rawReceiver, receiver, underTest, type Receiver } from './receiver.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function raw(take: (socket: Socket) => void): Promise<Receiver> {
  const made = await rawReceiver(take);
  open.push(made);
  return made;
}

function client(options: Parameters<typeof underTest>[0] = {}): Outbound {
  const made = underTest(options);
  open.push(made);
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function outcome(url: string, call: OutboundCall = {}, sender = client()): Promise<Answer | OutboundFault> {
  try {
    return await sender.post(url, { body: '{}', timeout: 700, ...call });
  } catch (error) {
    if (error instanceof OutboundFault) return error;
    throw error;
  }
}

async function reasonOf(take: (socket: Socket) => void, call?: OutboundCall): Promise<string> {
  const { url } = await raw(take);
  const fault = await outcome(url, call);
  return fault instanceof OutboundFault ? fault.reason : `answered ${fault.status}`;
}

describe('a body without end', () => {
  test.each(['transfer-encoding: chunked', 'content-length: 999999999999'])(
    'is cut after 64 KiB: %s',
    async (framing) => {
      const chunk = framing.startsWith('t') ? `4000\r\n${'x'.repeat(0x4000)}\r\n` : 'x'.repeat(0x4000);
      let ended: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => (ended = resolve));
      const { url } = await raw((socket) => {
        socket.once('close', ended);
        socket.once('data', () => (socket.write(head(framing)), pour(socket, chunk)));
      });
      const answer = (await outcome(url)) as Answer;
      expect(answer).toMatchObject({ status: 200, cut: true });
      expect(answer.excerpt).toHaveLength(2048);
      // One read of a socket is at most 64 KiB.
      expect(answer.read).toBeLessThanOrEqual(2 * 65_536);
      await gone;
    },
  );

  test('ends at the time-out when it comes a byte at a time', async () => {
    expect(
      await reasonOf((socket) => {
        socket.write(head('content-length: 1000'));
        const timer = setInterval(() => socket.write('x'), 50);
        socket.once('close', () => clearInterval(timer));
      }),
    ).toBe('timeout');
  });

  test('is not unpacked: a bomb counts as what was sent', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    const seen: unknown[] = [];
    const sender = await receiver((request, response) => {
      seen.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    open.push(sender);
    expect(await outcome(sender.url)).toMatchObject({ status: 200, excerpt: '', read: bomb.length });
    expect(seen).toEqual(['identity']);
  });
});

describe('headers', () => {
  test('of a megabyte are refused', async () => {
    const big = `x-big: ${'x'.repeat(1024 * 1024)}`;
    expect(await reasonOf((socket) => socket.once('data', () => socket.end(head(big))))).toBe('too-large');
  });

  test('without end are refused', async () => {
    const take = (socket: Socket) => (
      socket.write('HTTP/1.1 200 OK\r\n'),
      pour(socket, `x-more: ${'y'.repeat(100)}\r\n`)
    );
    expect(await reasonOf(take)).toBe('too-large');
  });

  test('that come a byte at a time end at the time-out', async () => {
    const take = (socket: Socket) => {
      const text = head('x-slow: yes');
      let at = 0;
      const timer = setInterval(() => socket.write(text[at++ % 10]!), 50);
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      socket.once('close', () => clearInterval(timer));
    };
    expect(await reasonOf(take)).toBe('timeout');
  });

  test('of interim answers without end are refused', async () => {
    const take = (socket: Socket) => pour(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
    expect(await reasonOf(take)).toBe('protocol');
  });
});

describe('a receiver that', () => {
  const cases: Record<string, [(socket: Socket) => void, string]> = {
    'says nothing': [() => undefined, 'timeout'],
    'closes at once': [(socket) => socket.end(), 'reset'],
    'resets at once': [(socket) => socket.once('data', () => socket.resetAndDestroy()), 'reset'],
    'closes half of the connection and waits': [(socket) => (socket.end(), socket.resume()), 'reset'],
    'resets in its body': [
      (socket) => {
        socket.write(`${head('content-length: 100')}half`);
        setTimeout(() => socket.resetAndDestroy(), 50);
      },
      'reset',
    ],
    'ends in its body': [(socket) => socket.end(`${head('content-length: 100')}half`), 'reset'],
    'ends between chunks': [(socket) => socket.end(`${head('transfer-encoding: chunked')}4\r\nhalf\r\n`), 'reset'],
    'speaks another protocol': [(socket) => socket.end('220 mail.example ESMTP\r\n'), 'protocol'],
    'speaks binary': [(socket) => socket.end(Buffer.from([0, 1, 2, 255, 254])), 'protocol'],
    'speaks HTTP/0.9': [(socket) => socket.end('<html></html>'), 'protocol'],
    'wants another protocol': [
      (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      'protocol',
    ],
    'gives two lengths': [(socket) => socket.end(`${head('content-length: 1', 'content-length: 2')}xx`), 'protocol'],
    'gives a length and chunks': [
      (socket) => socket.end(`${head('content-length: 1', 'transfer-encoding: chunked')}1\r\nx\r\n0\r\n\r\n`),
      'protocol',
    ],
    'sends a chunk of no size': [(socket) => socket.end(`${head('transfer-encoding: chunked')}zz\r\n`), 'protocol'],
    'answers twice': [
      (socket) => socket.end(`${head('content-length: 0')}${head('content-length: 0')}`),
      'answered 200',
    ],
    'answers without reading': [(socket) => socket.end(head('content-length: 0')), 'answered 200'],
  };
  test.each(Object.keys(cases))('%s', async (name) => {
    const [take, expected] = cases[name]!;
    expect(await reasonOf(take)).toBe(expected);
  });

  test('takes no connection is given up in time', async () => {
    // RFC 5737: an address for documentation, where nobody answers; in a sandbox without routes it is unreachable.
    const sender = client({ allow: ['192.0.2.0/24'], connectTimeout: 300 });
    const fault = (await outcome('http://192.0.2.1/', {}, sender)) as OutboundFault;
    expect(['timeout', 'connect']).toContain(fault.reason);
  });

  test('is not there', async () => {
    const gone = await rawReceiver(() => undefined);
    await gone.close();
    const fault = (await outcome(gone.url)) as OutboundFault;
    const message = `'${here}' cannot be reached at port ${new URL(gone.url).port} (ECONNREFUSED).`;
    expect(fault).toMatchObject({ reason: 'connect', message });
  });
});

describe('an attempt', () => {
  test('that the caller gives up ends', async () => {
    const { url } = await raw(() => undefined);
    const going = new AbortController();
    const attempt = outcome(url, { signal: going.signal, timeout: 10_000 });
    setTimeout(() => going.abort(), 30);
    expect(await attempt).toMatchObject({ reason: 'cancelled', code: 'CANCELLED' });
    expect(await outcome(url, { signal: going.signal })).toMatchObject({ reason: 'cancelled' });
  });

  test('with a header that cannot be sent ends, and its connection with it', async () => {
    let ended: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (ended = resolve));
    const { url } = await raw((socket) => void socket.once('close', ended).resume());
    expect(await outcome(url, { headers: { authorization: 'Bearer a\nb' } })).toMatchObject({
      message: `'${here}' cannot be sent these headers (UND_ERR_INVALID_ARG).`,
    });
    await gone;
  });

  test('whose name is never resolved ends, and so does one without an address', async () => {
    const never = client({
      allow: ['*.example.com'],
      resolve: () => new Promise(() => undefined),
      connectTimeout: 100,
    });
    expect(await outcome('http://a.example.com/', {}, never)).toMatchObject({
      reason: 'dns',
      message: expect.stringContaining("'a.example.com' was"),
    });
    const none = client({ allow: ['*.example.com'], resolve: () => Promise.resolve([]) });
    expect(await outcome('http://a.example.com/', {}, none)).toMatchObject({ reason: 'dns' });
  });

  test.each(['http://a.example.com/', `http://${here}/`])(
    'that waits for names of our own says so: %s',
    async (url) => {
      const sender = client({
        allow: ['*.example.com', here],
        own: () => [{ host: 'redis.internal' }],
        resolve: (name) => (name === 'redis.internal' ? new Promise(() => undefined) : Promise.resolve([here])),
        connectTimeout: 100,
      });
      expect(await outcome(url, {}, sender)).toMatchObject({
        reason: 'dns',
        message: "The names of the gateway's own servers were not resolved in 100 ms.",
      });
    },
  );

  test('goes on to the next address when the first takes no connection', async () => {
    const there = await receiver((_, response) => void response.end());
    open.push(there);
    const core: never[] = [];
    const sender = client({ allow: ['*.example.com'], resolve: () => Promise.resolve(['127.0.0.9', here]), core });
    expect(await outcome(`http://a.example.com:${there.port}/`, {}, sender)).toMatchObject({
      status: 200,
      address: here,
    });
  });

  test('tells status, wait and the beginning of the text', async () => {
    const busy = await receiver((_, response) => {
      response.writeHead(503, { 'retry-after': '17', 'content-type': 'text/plain' }).end('busy\u0000\u001b[31m now\n');
    });
    open.push(busy);
    expect(await outcome(busy.url)).toMatchObject({
      status: 503,
      retryAfter: 17,
      contentType: 'text/plain',
      excerpt: 'busy[31m now\n',
      cut: false,
      address: here,
    });
  });
});

describe('connections', () => {
  test('are not used for an attempt that was given up before', async () => {
    let asked = 0;
    const kept = await receiver((_, response) => void response.end(String(++asked)));
    open.push(kept);
    const sender = client();
    await outcome(kept.url, {}, sender);
    expect(await outcome(kept.url, { signal: AbortSignal.abort() }, sender)).toMatchObject({ reason: 'cancelled' });
    expect(asked).toBe(1);
  });

  test('are kept, and one that died is replaced without a fault', async () => {
    const sockets: Socket[] = [];
    const kept = await receiver((request, response) => {
      sockets.push(request.socket);
      response.end();
    });
    open.push(kept);
    const sender = client();
    for (let at = 0; at < 3; at++) await outcome(kept.url, {}, sender);
    expect(kept.connections).toBe(1);
    sockets[0]!.resetAndDestroy();
    expect(await outcome(kept.url, {}, sender)).toMatchObject({ status: 200 });
    expect(kept.connections).toBe(2);
  });

  test('that an answer asks to close, or keeps too short, are not used again', async () => {
    const kept = await receiver((request, response) => {
      response.setHeader('connection', request.url === '/close' ? 'close' : 'keep-alive');
      if (request.url === '/short') response.setHeader('keep-alive', 'timeout=1');
      response.end();
    });
    open.push(kept);
    const sender = client();
    for (const path of ['/close', '/short', '/', '/'])
      expect(await outcome(new URL(path, kept.url).href, {}, sender)).toMatchObject({ status: 200 });
    expect(kept.connections).toBe(3);
  });

  test('are closed with the client, in use or not', async () => {
    const kept = await receiver((request, response) => void (request.url === '/' && response.end()));
    open.push(kept);
    const sender = client();
    await outcome(new URL('/', kept.url).href, {}, sender);
    const waiting = outcome(kept.url, { timeout: 10_000 }, sender);
    const second = outcome(kept.url, { timeout: 10_000 }, sender);
    await until(() => kept.connections === 2);
    sender.close();
    expect(await waiting).toMatchObject({ reason: 'reset' });
    expect(await second).toMatchObject({ reason: 'reset' });
  });

  test('are not shared between names', async () => {
    const hosts: string[] = [];
    const kept = await receiver((request, response) => {
      hosts.push(request.headers.host!.split(':')[0]!);
      response.end();
    });
    open.push(kept);
    const sender = client({ allow: ['*.example.com'], resolve: () => Promise.resolve([here]) });
    for (const name of ['a', 'b', 'a']) await outcome(`http://${name}.example.com:${kept.port}/`, {}, sender);
    expect([hosts, kept.connections]).toEqual([['a.example.com', 'b.example.com', 'a.example.com'], 2]);
  });
});
