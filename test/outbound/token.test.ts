import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { authorised, type Credentials } from '#platform/outbound/authorised.js';
import type { Outbound, OutboundCall } from '#platform/outbound/client.js';
import { tokens, type Tokens } from '#platform/outbound/token.js';
import { here, receiver, underTest, type Receiver } from './receiver.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface World {
  readonly client: Outbound;
  readonly endpoint: Receiver;
  readonly hook: Receiver;
  /** What came to the token endpoint and to the hook. */
  readonly asked: string[];
  readonly shown: (string | undefined)[];
}

type Reply = (response: ServerResponse, count: number) => void;
const gives =
  (more: object = {}): Reply =>
  (response, count) =>
    response.end(JSON.stringify({ access_token: `token-${count}`, token_type: 'Bearer', expires_in: 3600, ...more }));

/** A token endpoint that replies as told and a hook that takes the tokens it is told to. */
async function world(reply: Reply, accepts: (token: string) => boolean = () => true): Promise<World> {
  const asked: string[] = [];
  const shown: (string | undefined)[] = [];
  const endpoint = await receiver((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      const basic = Buffer.from(request.headers.authorization!.split(' ')[1]!, 'base64').toString();
      asked.push(`${basic} ${body}`);
      reply(response, asked.length);
    });
  });
  const hook = await receiver((request, response) => {
    shown.push(request.headers.authorization);
    response.writeHead(accepts(request.headers.authorization ?? '') ? 204 : 401).end();
  });
  const client = underTest({
    callbacks: { allow: [], http: true, timeout: 2000, tenants: { acme: { allow: [here] }, zorg: { allow: [here] } } },
    allow: [],
  });
  open.push(endpoint, hook, client);
  return { client, endpoint, hook, asked, shown };
}

const credentials = ({ endpoint }: World, more: object = {}) => ({
  kind: 'client-credentials' as const,
  tokenUrl: endpoint.url,
  clientId: 'our id',
  clientSecret: 'se:cr&et',
  scope: 'o2',
  ...more,
});

const post = ({ client, hook }: World, source: Tokens, given: Credentials, call: OutboundCall = {}) =>
  authorised(source, given, { tenant: 'acme', timeout: 2000, ...call }, (made) => client.post(hook.url, made));

describe('client credentials', () => {
  test('are shown to the endpoint as RFC 6749 wants, and the token to the hook', async () => {
    const all = await world(gives());
    const answer = await post(all, tokens(all.client), credentials(all), { body: '{}' });
    expect(answer.status).toBe(204);
    expect(all.asked).toEqual(['our+id:se%3Acr%26et grant_type=client_credentials&scope=o2']);
    expect(all.shown).toEqual(['Bearer token-1']);
  });

  test('are asked for once, however many wait', async () => {
    const all = await world((response, count) => setTimeout(() => gives()(response, count), 30));
    const source = tokens(all.client);
    const many = Array.from({ length: 20 }, () => source.bearer(credentials(all), 'acme'));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['token-1']));
    expect(await source.bearer(credentials(all), 'acme')).toBe('token-1');
    expect(all.asked).toHaveLength(1);
  });

  test('of another secret or tenant get no token that was fetched before', async () => {
    const all = await world(gives());
    const source = tokens(all.client);
    expect(await source.bearer(credentials(all), 'acme')).toBe('token-1');
    expect(await source.bearer(credentials(all, { clientSecret: 'guess' }), 'acme')).toBe('token-2');
    expect(await source.bearer(credentials(all), 'zorg')).toBe('token-3');
  });

  test('are asked for anew half a minute before a token ends', async () => {
    let now = 0;
    const all = await world(gives({ expires_in: 100 }));
    const source = tokens(all.client, () => now);
    const at = async (time: number) => {
      now = time;
      return source.bearer(credentials(all), 'acme');
    };
    expect([await at(0), await at(69_999), await at(70_000)]).toEqual(['token-1', 'token-1', 'token-2']);
  });

  test('are asked for each time when tokens are short-lived', async () => {
    const all = await world(gives({ expires_in: 30 }));
    const source = tokens(all.client);
    await source.bearer(credentials(all), 'acme');
    expect(await source.bearer(credentials(all), 'acme')).toBe('token-2');
  });

  test('are asked for anew once when the hook answers 401', async () => {
    const all = await world(gives(), (shown) => shown === 'Bearer token-2');
    const source = tokens(all.client);
    const again = () => post(all, source, credentials(all));
    expect((await again()).status).toBe(204);
    expect((await again()).status).toBe(204);
    expect(all.shown).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
  });

  test('and no more than once', async () => {
    const all = await world(gives(), () => false);
    expect((await post(all, tokens(all.client), credentials(all))).status).toBe(401);
    expect(all.shown).toHaveLength(2);
  });
});

describe('a token endpoint that', () => {
  const refusals: Record<string, [Reply, string, string]> = {
    refuses: [
      (response) => response.writeHead(401).end('{"error":"invalid_client","error_description":"se:cr&et is wrong"}'),
      'token',
      'The token endpoint answered 401 (invalid_client).',
    ],
    'quotes what we sent': [
      (response) => response.writeHead(400).end('{"error":"se:cr&et"}'),
      'token',
      'The token endpoint answered 400.',
    ],
    redirects: [
      (response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
      'token',
      'The token endpoint answered 302.',
    ],
    'answers a page': [
      (response) => response.end('<html>'),
      'token',
      'The token endpoint answered without a token that can be used.',
    ],
    'smuggles a header': [
      gives({ access_token: 'a\r\nx-evil: yes' }),
      'token',
      'The token endpoint answered without a token that can be used.',
    ],
    'gives another type': [
      gives({ token_type: 'mac' }),
      'token',
      'The token endpoint gives tokens of another type than Bearer.',
    ],
    'says too much': [
      (response) => response.end(JSON.stringify({ access_token: 'x'.repeat(100_000) })),
      'too-large',
      'The token endpoint answered with more than 64 KiB.',
    ],
  };
  test.each(Object.keys(refusals))('%s', async (name) => {
    const [reply, reason, message] = refusals[name]!;
    const all = await world(reply);
    const fetched = tokens(all.client).bearer(credentials(all), 'acme');
    await expect(fetched).rejects.toMatchObject({ reason, message });
  });

  test('is not admitted is not called', async () => {
    const all = await world(gives());
    const fetched = tokens(all.client).bearer(credentials(all), 'another');
    await expect(fetched).rejects.toMatchObject({ reason: 'refused-by-policy' });
    expect(all.endpoint.connections).toBe(0);
  });
});

test('a bearer token goes as it is, and none means none', async () => {
  const all = await world(gives());
  await post(all, tokens(all.client), { kind: 'bearer', token: 'fixed' });
  await post(all, tokens(all.client), { kind: 'none' });
  expect(all.shown).toEqual(['Bearer fixed', undefined]);
});
