import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { tokens } from '#platform/outbound/token.js';
import { callbacksOf } from '#src/gateway/callbacks.js';
import { postThrough } from '#subscriptions/delivery/post.js';
import { here, receiver, underTest, type Receiver } from './receiver.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const limit = 300;
const never: RequestListener = () => undefined;
const unwanted: RequestListener = (_, response) => void response.writeHead(401).end();
let given = 0;
const gives: RequestListener = (_, response) =>
  void response.end(JSON.stringify({ access_token: `token-${(given += 1)}`, token_type: 'Bearer' }));
/** One after the other would take longer than all may. */
const late =
  (answer: RequestListener): RequestListener =>
  (request, response) =>
    void setTimeout(() => answer(request, response), 200);

/** A client with more patience than a test, in front of a callback and the server of its tokens. */
async function world(hook: RequestListener, endpoint: RequestListener) {
  const client = underTest({ callbacks: { allow: [here], http: true, tenants: {}, timeout: 60_000 } });
  const [at, from]: readonly Receiver[] = await Promise.all([receiver(hook), receiver(endpoint)]);
  open.push(at!, from!, client);
  const credentials = { oauth2: { tokenEndpoint: from!.url, clientId: 'us', clientSecret: 'secret' } };
  const source = tokens(client);
  const posting = { url: at!.url, tenant: null, headers: {}, body: '{}' };
  return {
    verify: (shown: typeof credentials | undefined) =>
      callbacksOf(client, source, true, limit).verify(at!.url, null, shown, new AbortController().signal),
    credentials,
    post: (signal = new AbortController().signal, timeout = limit) =>
      postThrough(client, source, timeout)({ ...posting, credentials, signal }),
  };
}

const inTime = `No whole answer in ${limit} ms.`;

describe.each([
  ['a callback that never answers', never, gives],
  ['a token endpoint that never answers', gives, never],
  ['a callback that never answers, behind a slow token endpoint', never, late(gives)],
  ['a callback that refuses a token slowly', late(unwanted), gives],
  ['a slow callback that refuses, and a slow token endpoint', late(unwanted), late(gives)],
])('%s', (_, hook, endpoint) => {
  test('is verified within one limit, the token included', async () => {
    const { verify, credentials } = await world(hook, endpoint);
    await expect(verify(credentials)).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: inTime,
      detail: { at: 'callback' },
    });
  });

  test('is posted to within one limit, the token included', async () => {
    const { post } = await world(hook, endpoint);
    expect(await post()).toEqual({ error: inTime });
  });
});

test('without credentials the limit of a verification is the same', async () => {
  const { verify } = await world(never, never);
  await expect(verify(undefined)).rejects.toMatchObject({ message: inTime });
});

test('who gives an attempt up does not wait for its token', async () => {
  const { post } = await world(gives, never);
  const gone = new AbortController();
  const posted = post(gone.signal, 60_000);
  gone.abort();
  expect(await posted).toEqual({ error: 'The attempt was given up.' });
});
