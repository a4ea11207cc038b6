import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { selfSigned } from '#platform/testing/self-signed.js';
import { openGatewayUnderTest, until, type Ask, type GatewayUnderTest } from './gateway-under-test.js';
import { receiver, secureReceiver, type Receiver } from './outbound/receiver.js';

const own = '/netweave/v1/inventorySubscriptions';
const loopback = '127.0.0.1';
const clientId = 'us';
const clientSecret = 'se:cr&et';
const server = selfSigned('receiver', 30, [loopback]);
const us = selfSigned('gateway', 30, ['gateway.example.com']);
const stranger = selfSigned('stranger', 30, ['stranger.example.com']);

let gateway: GatewayUnderTest;
const open: Receiver[] = [];
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 40, pools: 8, changesPerSecond: 0 } } },
  });
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => gateway.close());

async function ask(target: string, request: Ask = {}) {
  const { status, text: said } = await gateway.send(target, request);
  return { status, said, body: JSON.parse(said || '{}') as Readonly<Record<string, unknown>> };
}

const patch = (at: string, body: object) =>
  ask(at, { method: 'PATCH', body, headers: { 'Content-Type': 'application/merge-patch+json' } });

async function subscribe(callback: string, credentials?: object) {
  const value = { callback, filter: '(neq,objectType,ResourcePoolInfo)', ...(credentials && { credentials }) };
  const made = await ask(own, { method: 'POST', body: value });
  return { ...made, at: `${own}/${String(made.body['id'])}` };
}

async function createPool(name: string): Promise<void> {
  const made = await ask('/netweave/v1/resourcePools', { method: 'POST', body: { name, description: 'x' } });
  expect(made.status).toBe(201);
}

interface Shown {
  readonly method: string | undefined;
  /** What was shown: a token, or the name in a certificate. */
  readonly as: string | undefined;
  /** Of the pool that it told of. */
  readonly name?: string;
}

/** A callback that answers 204 to whom it lets in and 401 to others, and remembers what each has shown. */
function demanding(shown: Shown[], who: (request: IncomingMessage) => string | undefined, admits: () => unknown) {
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const as = who(request);
      const told = JSON.parse(body || '{}') as { readonly postObjectState?: { readonly name: string } };
      const { name } = told.postObjectState ?? {};
      shown.push({ method: request.method, as, ...(name !== undefined && { name }) });
      response.writeHead(as !== undefined && as === admits() ? 204 : 401).end();
    });
  };
  return listener;
}

const bearerOf = ({ headers }: IncomingMessage) => headers.authorization?.replace(/^Bearer /, '');
const holderOf = ({ socket }: IncomingMessage) => [(socket as TLSSocket).getPeerCertificate().subject.CN].flat()[0];

/** Gives `token-1`, `token-2` and so on to whom it knows. */
function tokenEndpoint(asked: string[]): RequestListener {
  return (request, response) => {
    void text(request).then((body) => {
      asked.push(body);
      const shown = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
      const token = { access_token: `token-${asked.length}`, token_type: 'Bearer', expires_in: 3600 };
      if (shown === `${clientId}:${encodeURIComponent(clientSecret)}`) response.end(JSON.stringify(token));
      else response.writeHead(401).end('{"error":"invalid_client"}');
    });
  };
}

async function opened(made: Promise<Receiver>): Promise<Receiver> {
  const receiving = await made;
  open.push(receiving);
  return receiving;
}

describe('a callback that demands a token of OAuth2', () => {
  let shown: Shown[];
  let asked: string[];
  let admitted: string;
  let callback: Receiver;
  let oauth2: object;
  const told = (name: string) => shown.filter((each) => each.name === name).map(({ as }) => as);

  beforeEach(async () => {
    [shown, asked, admitted] = [[], [], 'token-1'];
    callback = await opened(
      receiver(
        demanding(shown, bearerOf, () => admitted),
        loopback,
      ),
    );
    const endpoint = await opened(receiver(tokenEndpoint(asked), loopback));
    oauth2 = { tokenEndpoint: endpoint.url, clientId, clientSecret, scope: 'o2' };
  });

  test('is verified and notified with one that is asked for once', async () => {
    const { status, said, body, at } = await subscribe(callback.url, { oauth2 });
    expect(status).toBe(201);
    expect(body).toMatchObject({ value: { authentication: ['oauth2'] } });
    expect(said).not.toMatch(/se:cr|token-1/);
    expect(shown).toEqual([{ method: 'GET', as: 'token-1' }]);
    for (const name of ['first', 'second', 'third']) await createPool(name);
    await until(() => told('third').length > 0);
    expect(shown.slice(1).map(({ name, as }) => [name, as])).toEqual(
      ['first', 'second', 'third'].map((name) => [name, 'token-1']),
    );
    expect((await ask(`${at}/test`, { method: 'POST', body: {} })).body).toMatchObject({ delivered: true });
    expect(asked).toEqual(['grant_type=client_credentials&scope=o2']);
    expect((await ask(at, { method: 'DELETE' })).status).toBe(204);
  });

  test('is shown a new one when it answers 401, within the same attempt', async () => {
    const { at } = await subscribe(callback.url, { oauth2 });
    admitted = 'token-2';
    await createPool('after a refusal');
    await createPool('after that');
    await until(() => told('after that').length > 0);
    expect(told('after a refusal')).toEqual(['token-1', 'token-2']);
    expect(told('after that')).toEqual(['token-2']);
    expect(asked).toHaveLength(2);
    await until(async () => (await ask(`${at}/delivery`)).body['delivered'] === 2);
    expect((await ask(`${at}/delivery`)).body).toMatchObject({ attempts: 0, lastAttempt: { status: 204 } });
    await ask(at, { method: 'DELETE' });
  });

  test('is not subscribed without it, nor with what the token endpoint does not know, and both are said', async () => {
    const without = await subscribe(callback.url);
    expect([without.status, without.body['at']]).toEqual([422, 'callback']);
    expect(without.body['detail']).toMatch(/not with 401/);
    const wrong = await subscribe(callback.url, { oauth2: { ...oauth2, clientSecret: 'guessed' } });
    expect([wrong.status, wrong.body['at']]).toEqual([422, 'callback']);
    expect(wrong.body['detail']).toMatch(/token endpoint answered 401 \(invalid_client\)/);
    expect(wrong.said).not.toContain('guessed');
    admitted = 'another';
    expect((await subscribe(callback.url, { oauth2 })).body['detail']).toMatch(/not with 401/);
    expect(shown.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('a callback that demands a certificate', () => {
  let shown: Shown[];
  let admitted: string;
  let callback: Receiver;
  const pair = { cert: server.certificate, key: server.key };
  const demands = { ...pair, ca: [us.certificate, stranger.certificate], requestCert: true, rejectUnauthorized: true };
  const certificate = { certificate: us.certificate, key: us.key, authority: server.certificate };

  beforeEach(async () => {
    [shown, admitted] = [[], 'gateway'];
    callback = await opened(
      secureReceiver(
        demands,
        demanding(shown, holderOf, () => admitted),
        loopback,
      ),
    );
  });

  test('is verified and notified with it, and with another one once that is given', async () => {
    const { status, said, body, at } = await subscribe(callback.url, { certificate });
    expect(status).toBe(201);
    expect(body).toMatchObject({ value: { authentication: ['certificate'] } });
    expect(said).not.toContain('PRIVATE KEY');
    await createPool('over TLS');
    await until(() => shown.length === 2);
    expect(shown).toEqual([
      { method: 'GET', as: 'gateway' },
      { method: 'POST', as: 'gateway', name: 'over TLS' },
    ]);
    admitted = 'stranger';
    const other = { ...certificate, certificate: stranger.certificate, key: stranger.key };
    expect((await patch(at, { credentials: { certificate: other } })).status).toBe(200);
    await createPool('as another');
    await until(() => shown.length === 4);
    expect(shown.slice(2)).toEqual([
      { method: 'GET', as: 'stranger' },
      { method: 'POST', as: 'stranger', name: 'as another' },
    ]);
    expect((await ask(at, { method: 'DELETE' })).status).toBe(204);
  });

  test('is not subscribed without one, nor where nobody who is trusted has signed its own', async () => {
    const { authority: _, ...untrusting } = certificate;
    for (const credentials of [undefined, { certificate: untrusting }]) {
      const { status, body } = await subscribe(callback.url, credentials);
      expect([status, body['at']]).toEqual([422, 'callback']);
    }
    expect(shown).toEqual([]);
  });

  test('is not called with one that cannot be used, and what is wrong with which attribute is said', async () => {
    const garbage = await subscribe(callback.url, { certificate: { ...certificate, key: 'hidden-key' } });
    expect([garbage.status, garbage.body['at']]).toEqual([400, 'credentials/certificate/key']);
    expect(garbage.body['detail']).toMatch(/is no private key in PEM/);
    expect(garbage.said).not.toContain('hidden-key');
    const plain = await subscribe(callback.url.replace('https:', 'http:'), { certificate });
    expect([plain.status, plain.body['at']]).toEqual([400, 'credentials/certificate']);
    expect([shown, callback.connections]).toEqual([[], 0]);
  });

  test('may want a token beside it, of an endpoint that demands it too', async () => {
    const asked: string[] = [];
    const endpoint = await opened(secureReceiver(demands, tokenEndpoint(asked), loopback));
    const both = demanding(
      shown,
      (request) => `${holderOf(request)} ${bearerOf(request)}`,
      () => 'gateway token-1',
    );
    const strict = await opened(secureReceiver(demands, both, loopback));
    const oauth2 = { tokenEndpoint: endpoint.url, clientId, clientSecret };
    const { status, body, at } = await subscribe(strict.url, { oauth2, certificate });
    expect([status, body['value']]).toEqual([
      201,
      expect.objectContaining({ authentication: ['oauth2', 'certificate'] }),
    ]);
    await createPool('with both');
    await until(() => shown.length === 2);
    expect(shown.at(-1)).toEqual({ method: 'POST', as: 'gateway token-1', name: 'with both' });
    expect(asked).toHaveLength(1);
    await ask(at, { method: 'DELETE' });
  });
});
