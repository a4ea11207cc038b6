import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '#schema/errors.js';
import { httpClient, HttpFault, type HttpClient, type HttpClientOptions } from './http-client.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const opened: { server: Server; client: HttpClient }[] = [];
const signal = new AbortController().signal;

async function against(answer: Answer, options: Partial<HttpClientOptions> = {}): Promise<HttpClient> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = httpClient({
    backend: 'The backend',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`,
    ...options,
  });
  opened.push({ server, client });
  return client;
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const fault = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(fault).toBeInstanceOf(Fault);
  return fault as Fault;
}

async function allLines(client: HttpClient, path = '/lines', within = signal): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const batch of await client.lines(path, { signal: within })) lines.push(...batch);
  return lines;
}

afterEach(async () => {
  for (const { server, client } of opened.splice(0)) {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('a call', () => {
  test('sends method, path below the base, headers and JSON, and answers status, headers and JSON', async () => {
    const client = await against(
      (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += String(chunk)));
        request.on('end', () => {
          const { method, url, headers } = request;
          response
            .writeHead(201, { 'x-token': 't' })
            .end(JSON.stringify({ method, url, body, type: headers['content-type'], key: headers['x-key'] }));
        });
      },
      { headers: { 'x-key': 'secret' } },
    );
    const answer = await client.call('POST', '/things?a=1', { signal, body: { ü: 1 } });
    expect(answer.status).toBe(201);
    expect(answer.headers['x-token']).toBe('t');
    expect(answer.body).toEqual({
      method: 'POST',
      url: '/base/things?a=1',
      body: '{"ü":1}',
      type: 'application/json',
      key: 'secret',
    });
  });

  test('without a body in the answer is undefined', async () => {
    const client = await against((_, response) => response.writeHead(204).end());
    expect((await client.call('DELETE', '/things/1', { signal })).body).toBeUndefined();
  });

  test.each([
    [302, 'BACKEND_FAILED'],
    [400, 'BACKEND_FAILED'],
    [401, 'BACKEND_FAILED'],
    [403, 'BACKEND_FAILED'],
    [404, 'NOT_FOUND'],
    [408, 'BACKEND_TIMEOUT'],
    [409, 'CONFLICT'],
    [410, 'GONE'],
    [412, 'PRECONDITION_FAILED'],
    [413, 'TOO_LARGE'],
    [422, 'UNPROCESSABLE'],
    [429, 'BACKEND_UNAVAILABLE'],
    [500, 'BACKEND_FAILED'],
    [503, 'BACKEND_FAILED'],
  ])('%i is %s', async (status, code) => {
    const client = await against((_, response) =>
      response.writeHead(status, { 'retry-after': '7' }).end('{"why":"because"}'),
    );
    const fault = await faultOf(client.call('GET', '/things?key=secret', { signal }));
    expect(fault).toBeInstanceOf(HttpFault);
    expect(fault).toMatchObject({ code, status, detail: { retryAfter: 7 } });
    expect(fault.message).toBe(`The backend answered ${status} to GET /things.`);
  });

  test("a refusal has the backend's sentence, a failure has not, and a table may differ", async () => {
    const client = await against(
      (request, response) => response.writeHead(Number(request.url!.slice(-3))).end('{"why":"because"}'),
      {
        explain: (body) => (body as { why: string }).why,
        statuses: { 503: 'BACKEND_UNAVAILABLE' },
      },
    );
    expect((await faultOf(client.call('GET', '/409', { signal }))).message).toBe('because');
    const failure = await faultOf(client.call('GET', '/503', { signal }));
    expect(failure).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: 'The backend answered 503 to GET /503.' });
  });

  test('what is not JSON, not HTTP or too large is BACKEND_FAILED', async () => {
    const client = await against(
      (request, response) => {
        if (request.url!.endsWith('raw')) request.socket.end('hello\r\n\r\n');
        else response.end(request.url!.endsWith('html') ? '<html>' : JSON.stringify('x'.repeat(200)));
      },
      { limit: 100 },
    );
    for (const path of ['/html', '/raw', '/large'])
      expect((await faultOf(client.call('GET', path, { signal }))).code).toBe('BACKEND_FAILED');
  });

  test('nobody listening, or a connection that breaks off, is BACKEND_UNAVAILABLE', async () => {
    const broken = await against((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half":', () => response.destroy());
    });
    expect((await faultOf(broken.call('GET', '/', { signal }))).code).toBe('BACKEND_UNAVAILABLE');
    const { server, client } = opened[0]!;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const refused = await faultOf(client.call('GET', '/', { signal }));
    expect(refused).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: 'The backend cannot be reached (ECONNREFUSED).',
    });
  });

  test('a deadline, or silence before or within the answer, is BACKEND_TIMEOUT', async () => {
    const client = await against(
      (request, response) => {
        if (request.url!.endsWith('half')) response.writeHead(200).write('{');
      },
      { idleTimeout: 100 },
    );
    const deadline = await faultOf(client.call('GET', '/never', { signal: AbortSignal.timeout(30) }));
    expect(deadline).toMatchObject({ code: 'BACKEND_TIMEOUT', message: 'The backend did not answer /never in time.' });
    for (const path of ['/never', '/half']) {
      const silence = await faultOf(client.call('GET', path, { signal }));
      expect(silence).toMatchObject({ code: 'BACKEND_TIMEOUT', message: `The backend fell silent on ${path}.` });
    }
  });

  test('reuses its connection', async () => {
    const ports = new Set<number | undefined>();
    const client = await against((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });
    for (const path of ['/a', '/b', '/c']) await client.call('GET', path, { signal });
    expect(ports.size).toBe(1);
  });

  test('asks again on a new connection when a kept one turned out to be closed; a write is never sent twice', async () => {
    const served = new Set<unknown>();
    const requests: string[] = [];
    const client = await against((request, response) => {
      requests.push(request.method!);
      if (served.has(request.socket)) return void request.socket.resetAndDestroy();
      served.add(request.socket);
      response.end('{}');
    });
    await client.call('GET', '/', { signal });
    expect((await client.call('GET', '/', { signal })).status).toBe(200);
    expect((await faultOf(client.call('POST', '/', { signal }))).code).toBe('BACKEND_UNAVAILABLE');
    expect(requests).toEqual(['GET', 'GET', 'GET', 'POST']);
  });
});

describe('lines', () => {
  test('that a kept connection breaks off are not asked for again behind the back of their reader', async () => {
    const requests: string[] = [];
    const client = await against(
      (request, response) => {
        requests.push(request.url!);
        if (request.url!.endsWith('warm')) return void response.end('{}');
        response.write('1\n');
        setTimeout(() => request.socket.resetAndDestroy(), 50);
      },
      // One that is asked for and never read would hold it.
      { maxSockets: 1 },
    );
    for (let round = 0; round < 2; round += 1) {
      await client.call('GET', '/warm', { signal });
      expect((await faultOf(allLines(client))).code).toBe('BACKEND_UNAVAILABLE');
    }
    expect(requests).toEqual(['/base/warm', '/base/lines', '/base/warm', '/base/lines']);
  });

  test('are the objects that were sent, wherever the bytes were cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        fc.boolean(),
        async (values, sizes, ended) => {
          const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join('\n') + (ended ? '\n' : ''));
          const client = await against(async (_, response) => {
            for (let at = 0; at < bytes.length;) {
              const size = sizes.next().value as number;
              await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve));
              at += size;
            }
            response.end();
          });
          expect(JSON.stringify(await allLines(client))).toBe(JSON.stringify(values));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('are read no faster than they are asked for', async () => {
    let written = 0;
    const line = `${JSON.stringify('x'.repeat(1000))}\n`;
    const total = 50_000;
    const client = await against(async (_, response) => {
      while (written < total) {
        written++;
        if (!response.write(line)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    });
    const iterator = (await client.lines('/lines', { signal }))[Symbol.asyncIterator]();
    let read = (await iterator.next()).value!.length;
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(total);
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) read += next.value.length;
    expect(read).toBe(total);
  });

  test('that break off, turn to garbage, grow too long or stop coming are faults, never an end', async () => {
    const client = await against(
      (request, response) => {
        response.write('{"a":1}\n');
        if (request.url!.endsWith('cut')) setImmediate(() => response.destroy());
        if (request.url!.endsWith('garbage')) response.end('<html>\n');
        if (request.url!.endsWith('long')) response.end(`"${'x'.repeat(200_000)}"\n`);
      },
      { idleTimeout: 200, limit: 10_000 },
    );
    expect((await faultOf(allLines(client, '/cut'))).code).toBe('BACKEND_UNAVAILABLE');
    expect((await faultOf(allLines(client, '/garbage'))).code).toBe('BACKEND_FAILED');
    expect((await faultOf(allLines(client, '/long'))).code).toBe('BACKEND_FAILED');
    expect((await faultOf(allLines(client, '/silent'))).code).toBe('BACKEND_TIMEOUT');
    expect((await faultOf(allLines(client, '/never', AbortSignal.timeout(50)))).message).toBe(
      'The backend did not answer /never in time.',
    );
  });

  test('wait for a slow consumer without calling it silence', async () => {
    const client = await against((_, response) => response.end('1\n2\n'), { idleTimeout: 100 });
    const seen: unknown[] = [];
    for await (const batch of await client.lines('/lines', { signal })) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      seen.push(...batch);
    }
    expect(seen).toEqual([1, 2]);
  });

  test('that nobody wants any more end the request', async () => {
    const closed = Promise.withResolvers<void>();
    const client = await against((_, response) => {
      response.on('close', closed.resolve);
      response.write('1\n');
    });
    for await (const batch of await client.lines('/lines', { signal })) {
      expect(batch).toEqual([1]);
      break;
    }
    await closed.promise;
  });
});
