import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readCertificate, type Certificate } from './certificate.js';
import { ConfigurationModel } from './config/model.js';
import { listen, type Listener } from './listener.js';
import { selfSigned } from './testing/self-signed.js';

const { limits } = ConfigurationModel.parse({});
const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close(0))));

function files(pair: { certificate: string; key: string }, folder = mkdtempSync(join(tmpdir(), 'netweave-tls-'))) {
  const paths = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  writeFileSync(paths.certificate, pair.certificate);
  writeFileSync(paths.key, pair.key);
  return paths;
}

async function start(tls: { certificate: string; key: string }) {
  const told: { certificate: Certificate; fault?: Error }[] = [];
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls,
    limits,
    onRequest: (_request, response) => void response.end('hello'),
    onCertificate: (certificate, fault) => told.push({ certificate, ...(fault ? { fault } : {}) }),
  });
  open.push(listener);
  const until = async (count: number) => {
    while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    return told[count - 1]!;
  };
  return { listener, until };
}

async function handshake(port: number, options: object = {}): Promise<{ name: string; socket: TLSSocket }> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return { name: (socket.getPeerCertificate() as PeerCertificate).subject.CN as string, socket };
}

async function nameAt({ port }: Listener): Promise<string> {
  const { name, socket } = await handshake(port);
  socket.destroy();
  return name;
}

describe('a certificate', () => {
  test('is read with what it says of itself', () => {
    const { subject, notAfter } = readCertificate(files(selfSigned('one', 10)));
    expect(subject).toBe('CN=one');
    expect(Math.round((notAfter.getTime() - Date.now()) / 86_400_000)).toBe(9);
  });

  test.each<[string, () => { certificate: string; key: string }, RegExp]>([
    [
      'a missing file',
      () => ({ ...files(selfSigned('a')), key: '/no/such/key' }),
      /private key '\/no\/such\/key' cannot be read: ENOENT/,
    ],
    ['no certificate', () => files({ ...selfSigned('a'), certificate: 'x' }), /tls\.crt' holds no certificate in PEM/],
    ['no key', () => files({ ...selfSigned('a'), key: 'x' }), /tls\.key' holds no private key in PEM/],
    [
      'another key',
      () => files({ ...selfSigned('a'), key: selfSigned('b').key }),
      /tls\.key' does not belong to the certificate in .*tls\.crt'/,
    ],
  ])('with %s is refused', (_what, make, message) => {
    expect(() => readCertificate(make())).toThrow(message);
  });
});

describe('HTTPS', () => {
  test('serves whoever trusts the certificate', async () => {
    const pair = selfSigned('one');
    const { listener } = await start(files(pair));
    expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`);
    const sent = request(listener.url, { ca: pair.certificate, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  test.each<[string, object]>([
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['a cipher without AEAD', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA' }],
  ])('refuses %s', async (_what, options) => {
    const { listener } = await start(files(selfSigned('one')));
    await expect(handshake(listener.port, options)).rejects.toMatchObject({ code: expect.stringMatching('_ALERT_') });
    expect(await nameAt(listener)).toBe('one');
  });

  test('survives clients that speak plain HTTP', async () => {
    const { listener } = await start(files(selfSigned('one')));
    await expect(fetch(listener.url.replace('https', 'http'))).rejects.toThrow();
    expect(await nameAt(listener)).toBe('one');
  });

  test('takes a new pair without ending old connections, and keeps the last good one', async () => {
    const paths = files(selfSigned('one'));
    const { listener, until } = await start(paths);
    expect((await until(1)).certificate.subject).toBe('CN=one');
    const { socket } = await handshake(listener.port);

    files({ ...selfSigned('two'), key: selfSigned('three').key }, join(paths.key, '..'));
    expect((await until(2)).fault?.message).toMatch(/does not belong/);
    expect((await until(2)).certificate.subject).toBe('CN=one');
    expect(await nameAt(listener)).toBe('one');

    files(selfSigned('four'), join(paths.key, '..'));
    expect((await until(3)).certificate.subject).toBe('CN=four');
    expect(await nameAt(listener)).toBe('four');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/);
    socket.destroy();
  });

  test('follows the link that Kubernetes swaps', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netweave-tls-'));
    for (const name of ['v1', 'v2']) {
      mkdirSync(join(folder, name));
      files(selfSigned(name), join(folder, name));
    }
    symlinkSync('v1', join(folder, '..data'));
    const paths = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
    symlinkSync('..data/tls.crt', paths.certificate);
    symlinkSync('..data/tls.key', paths.key);
    const { listener, until } = await start(paths);
    expect(await nameAt(listener)).toBe('v1');
    symlinkSync('v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    expect((await until(2)).certificate.subject).toBe('CN=v2');
    expect(await nameAt(listener)).toBe('v2');
  });
});
