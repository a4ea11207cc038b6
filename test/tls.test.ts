import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { selfSigned } from '#platform/testing/self-signed.js';
import { facades, operationOf } from './facade-calls.js';
import { openGatewayUnderTest, type Ask, type GatewayUnderTest, type Reply } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-tls-'));
const { certificate, key } = selfSigned('gateway under test');
const console1 = 'https://console.example';
const o2 = '/o2ims-infrastructureInventory/v2/resourcePools';
let gateway: GatewayUnderTest;

/** As an operator runs it: production, with a certificate, a key, tokens, and one console that may call from a browser. */
beforeAll(async () => {
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), key, { mode: 0o600 });
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 6, size: 30, changesPerSecond: 0 } } },
    clients: { admin: { roles: ['admin'] } },
    yaml: `mode: production
key: ${Buffer.alloc(32, 'k').toString('base64')}
tls: { certificate: ${join(folder, 'tls.crt')}, key: ${join(folder, 'tls.key')} }
limits: { pageSize: 2 }
cors: { origins: ['${console1}'], credentials: true }`,
  });
});

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
  expect(gateway.logged).toEqual([]);
});

function send(
  target: string,
  { method = 'GET', headers = {}, body }: Ask = {},
  options: RequestOptions = {},
): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type: Record<string, string> = text === undefined ? {} : { 'Content-Type': 'application/json' };
  const asked = {
    method,
    headers: { ...type, ...headers } as Record<string, string>,
    ca: certificate,
    agent: false as const,
    ...options,
  };
  return new Promise((resolve, reject) => {
    const sent = request(gateway.url + target, asked, (response) => {
      let answered = '';
      response.on('data', (chunk: Buffer) => (answered += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text: answered }));
    });
    sent.once('error', reject);
    sent.end(text);
  });
}

/** What a handshake ends in: the protocol and cipher, or the error's code. */
function handshake(
  options: ConnectionOptions,
): Promise<{ readonly protocol?: string | null; readonly alpn?: string | false | null; readonly fault?: string }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), ca: certificate, ...options }, () => {
      resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol });
      socket.end();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ fault: error.code ?? error.message }));
  });
}

const authorised = { Authorization: 'Bearer admin' };

describe('TLS', () => {
  test.each<[SecureVersion, boolean]>([
    ['TLSv1', false],
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ])('%s: %s', async (version, spoken) => {
    // At this level the client offers what the gateway must refuse.
    const { protocol, fault } = await handshake({
      minVersion: version,
      maxVersion: version,
      ciphers: 'ALL:@SECLEVEL=0',
    });
    expect([protocol, fault !== undefined]).toEqual(spoken ? [version, false] : [undefined, true]);
  });

  test.each(['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-NULL-SHA'])(
    'TLS 1.2 with %s is refused: no forward secrecy, or no AEAD',
    async (cipher) => {
      const { fault } = await handshake({ maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` });
      expect(fault).toMatch(/HANDSHAKE_FAILURE|ECONNRESET/);
    },
  );

  test('HTTP/2 is not offered: it ends at a proxy', async () => {
    const { protocol, alpn } = await handshake({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect([protocol, alpn]).toEqual(['TLSv1.3', 'http/1.1']);
  });

  test('a client that does not know the certificate goes no further', async () => {
    expect((await handshake({ ca: selfSigned('another').certificate })).fault).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('HTTP without TLS gets no answer, and leaves the gateway as it was', async () => {
    const { port } = new URL(gateway.url);
    const ended = new Promise((resolve) => {
      plainRequest({ host: '127.0.0.1', port, path: '/livez' }, () => resolve('answered'))
        .on('error', () => resolve('refused'))
        .end();
    });
    expect(await ended).toBe('refused');
    expect((await send('/livez')).status).toBe(200);
  });
});

describe('tokens over TLS', () => {
  test.each(facades.map((facade) => [facade.name, facade] as const))(
    '%s answers to the token, and to nobody without',
    async (_, facade) => {
      const { target, ...ask } = facade.request(operationOf('resourcePools.list'), {})!;
      const reply = await send(target, { ...ask, headers: authorised });
      expect(facade.read(operationOf('resourcePools.list'), reply)).toMatchObject({ code: 'OK' });
      expect((await send(target, ask)).status).toBe(401);
    },
  );

  test('links are HTTPS', async () => {
    const { headers } = await send(o2, { headers: authorised });
    expect(headers['link']).toMatch(new RegExp(`^<${gateway.url}${o2}\\?`));
    expect(gateway.url).toMatch(/^https:/);
  });
});

describe('CORS', () => {
  const preflight = (origin: string, asks = 'authorization,content-type') => ({
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': asks,
  });
  const paths = [
    o2,
    '/netweave/v1/resourcePools',
    '/graphql',
    '/trpc/resourcePools.list',
    '/livez',
    '/docs',
    '/nothing',
  ];
  /** Every header of ours that a page may want, beside those that Fetch always lets it read. */
  const exposed = [
    ...['Age', 'Allow', 'ETag', 'Link', 'Location', 'Retry-After', 'Version'],
    ...['X-Netweave-Incomplete', 'X-Netweave-Position', 'X-Request-Id'],
  ];
  const allows = (reply: Reply) => Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'));

  test.each(paths)('a preflight of the console for %s needs no token', async (path) => {
    const { status, headers, text } = await send(path, { method: 'OPTIONS', headers: preflight(console1) });
    expect([status, text]).toEqual([204, '']);
    expect(headers['access-control-allow-origin']).toBe(console1);
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers['access-control-allow-methods']?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'POST', 'PATCH', 'DELETE']),
    );
    expect(headers['access-control-allow-headers']?.toLowerCase().split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'if-none-match']),
    );
    expect(headers['vary']).toContain('Origin');
  });

  test.each([
    'https://elsewhere.example',
    'http://console.example',
    `${console1}.elsewhere.example`,
    `${console1}:444`,
    'null',
  ])('a page of %s is told nothing that lets it read', async (origin) => {
    const asked = await send(o2, { method: 'OPTIONS', headers: preflight(origin) });
    const read = await send(o2, { headers: { ...authorised, Origin: origin } });
    expect([allows(asked), allows(read), read.status]).toEqual([[], [], 200]);
    expect(read.headers['vary']).toContain('Origin');
  });

  test.each(paths)('the console may read the answers at %s, refusals too', async (path) => {
    for (const headers of [{}, authorised]) {
      const reply = await send(path, { headers: { ...headers, Origin: console1 } });
      expect(reply.headers['access-control-allow-origin']).toBe(console1);
      expect(reply.headers['access-control-expose-headers']!.split(', ')).toEqual(exposed);
      // What must not be kept need not say on what it depends.
      if (reply.headers['cache-control'] !== 'no-store') expect(reply.headers['vary']).toContain('Origin');
    }
  });

  test('who names no origin is no page', async () => {
    expect(allows(await send(o2, { headers: authorised }))).toEqual([]);
  });

  test('without configuration no page may call; with * every one may, without credentials', async () => {
    for (const [cors, allowed] of [
      ['', undefined],
      ["cors: { origins: ['*'] }", '*'],
    ] as const) {
      const other = await openGatewayUnderTest({ yaml: cors });
      const { headers } = await other.send('/livez', { headers: { Origin: console1 } });
      expect([headers['access-control-allow-origin'], headers['access-control-allow-credentials']]).toEqual([
        allowed,
        undefined,
      ]);
      await other.close();
    }
  });
});
