import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Outbound, OutboundCall } from '#platform/outbound/client.js';
import { OutboundFault } from '#platform/outbound/fault.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { here, receiver, secureReceiver, underTest, type Receiver } from './receiver.js';

const name = 'smo.example.com';
const server = selfSigned('receiver', 30, [name, here]);
const clientPair = selfSigned('gateway', 30, ['gateway.example.com']);
const other = selfSigned('other', 30, ['other.example.com']);
const ca = server.certificate;
const us = { cert: clientPair.certificate, key: clientPair.key };

let open: Receiver;
let demanding: Receiver;
let client: Outbound;

beforeAll(async () => {
  const pair = { cert: server.certificate, key: server.key };
  open = await secureReceiver(pair, (request, response) =>
    response.end(`${(request.socket as TLSSocket & { servername?: string }).servername} ${request.headers.host}`),
  );
  const demands = { ...pair, ca: [clientPair.certificate], requestCert: true, rejectUnauthorized: true };
  demanding = await secureReceiver(demands, (request, response) =>
    response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
  );
  const options = { allow: ['*.example.com', here], http: false, resolve: () => Promise.resolve([here]) };
  client = underTest({ ...options, callbacks: { allow: options.allow, http: false, tenants: {}, timeout: 5000 } });
});

afterAll(async () => {
  client.close();
  await Promise.all([open.close(), demanding.close()]);
});

async function outcome(host: string, port: number, call: OutboundCall) {
  try {
    const { status, excerpt } = await client.post(`https://${host}:${port}/`, { body: '{}', ...call });
    return `${status} ${excerpt}`;
  } catch (error) {
    if (error instanceof OutboundFault) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe('over TLS', () => {
  test('a name is kept in Host and SNI, though an address is called', async () => {
    expect(await outcome(name, open.port, { tls: { ca } })).toBe(`200 ${name} ${name}:${open.port}`);
  });

  test('an address is checked as one, without SNI', async () => {
    expect(await outcome(here, open.port, { tls: { ca } })).toBe(`200 false ${here}:${open.port}`);
  });

  test('the certificate of another host is refused', async () => {
    expect(await outcome('other.example.com', open.port, { tls: { ca } })).toBe(
      "tls: 'other.example.com' shows the certificate of another host (ERR_TLS_CERT_ALTNAME_INVALID).",
    );
  });

  test('an authority that nobody trusts is refused, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      for (const tls of [undefined, { ca: other.certificate }])
        expect(await outcome(name, open.port, tls ? { tls } : {})).toMatch(
          /^tls: .+ shows a certificate that is not trusted here \((DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO/,
        );
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  test('a client certificate is shown where one is demanded', async () => {
    expect(await outcome(name, demanding.port, { tls: { ca, ...us } })).toBe('200 gateway');
  });

  test('without the right one nothing is answered', async () => {
    expect(await outcome(name, demanding.port, { tls: { ca } })).toMatch(/^(tls|reset): /);
    const wrong = { ca, cert: other.certificate, key: other.key };
    expect(await outcome(name, demanding.port, { tls: wrong })).toMatch(/^(tls|reset): /);
  });

  test('a connection with one identity is not used for another', async () => {
    const before = demanding.connections;
    expect(await outcome(name, demanding.port, { tls: { ca, ...us } })).toBe('200 gateway');
    expect(demanding.connections).toBe(before);
    expect(await outcome(name, demanding.port, { tls: { ca } })).toMatch(/^(tls|reset): /);
    expect(demanding.connections).toBe(before + 1);
  });

  test('what is no PEM is said to be none, and not shown', async () => {
    const said = await outcome(name, open.port, { tls: { cert: 'hidden-certificate', key: 'hidden-key' } });
    expect(said).toMatch(/^tls: The client certificate, its key or the authorities are no PEM/);
    expect(said).not.toContain('hidden');
    expect(await outcome(name, open.port, { tls: { cert: us.cert, key: other.key } })).toMatch(/^tls: /);
  });

  test('plain HTTP on a port for TLS, and the reverse', async () => {
    const plain = await receiver((_, response) => void response.end());
    expect(await outcome(name, plain.port, { tls: { ca } })).toMatch(/^tls: /);
    await plain.close();
    const insecure = underTest();
    await expect(insecure.post(`http://${here}:${open.port}/`, {})).rejects.toMatchObject({ reason: 'reset' });
  });
});
