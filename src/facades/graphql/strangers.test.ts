import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Principal } from '../../access/principal.js';
import type { Served } from '../admission.js';
import { openTo, until, type WebSocketClient } from './testing/web-socket-client.js';
import { webSocketServer, type WebSocketServerUnderTest } from './testing/web-socket-server.js';

const scope = { tenant: undefined, permissions: new Set<string>(), key: 'all' };
const [one, other] = [{ localAddress: '127.0.0.1' }, { localAddress: '127.0.0.2' }];
const token = { authorization: 'Bearer alice' };

let server: WebSocketServerUnderTest;
let alice: Principal | undefined;
let charged: string[];
let served: Served[];
const clients: WebSocketClient[] = [];

beforeEach(async () => {
  alice = { name: 'alice', scope };
  // Of this server: those of the last one may still be going.
  const [addresses, ended]: [string[], Served[]] = [[], []];
  [charged, served] = [addresses, ended];
  server = await webSocketServer({
    clients: 2,
    unidentified: 12,
    identify: (_socket, authorization) =>
      authorization === token.authorization
        ? alice
        : authorization === 'Bearer bob'
          ? { name: 'bob', scope }
          : undefined,
    chargeStranger: (remote) => {
      addresses.push(remote);
      return 0;
    },
    served: (each) => void ended.push(each),
    subscribe: () => () => undefined,
    once: async () => ({ data: { text: 'x' } }),
  });
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate();
  await server.close();
});

async function open(options: Parameters<typeof openTo>[1]): Promise<WebSocketClient> {
  const client = await openTo(server.url, options);
  clients.push(client);
  return client;
}

test('who keeps silent is charged and noted when it goes, and makes room where many keep silent', async () => {
  const honest = await open(other);
  const silent: WebSocketClient[] = [];
  for (let each = 0; each < 15; each += 1) silent.push(await open(one));
  expect(await Promise.all(silent.slice(0, 4).map(({ closed }) => closed))).toEqual([1006, 1006, 1006, 1006]);
  expect(charged).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
  expect(served.map(({ method, status }) => [method, status])).toEqual(Array.from({ length: 4 }, () => ['WS', 401]));
  honest.say({ type: 'connection_init', payload: token });
  await until(() => honest.heard.length === 1);
  honest.ask('q');
  await until(() => honest.heard.length === 3);
  honest.socket.terminate();
  await until(() => server.live.size === 11);
  expect(charged).toHaveLength(4);
});

test('whose token is in the upgrade takes up no place of strangers, and none of theirs is taken for its own', async () => {
  const client = await open({ ...one, headers: token });
  for (let each = 0; each < 14; each += 1) await open(one);
  await until(() => charged.length === 2);
  client.say({ type: 'connection_init' });
  client.ask('q');
  await until(() => client.heard.length === 3);
  await open({ ...one, headers: token });
  const third = await open({ ...one, headers: token });
  expect(await third.closed).toBe(1013);
});

test('what is said first counts, whatever the upgrade says', async () => {
  const wrong = await open({ ...one, headers: { authorization: 'Basic x' } });
  wrong.say({ type: 'connection_init', payload: token });
  await until(() => wrong.heard.length === 1);
  const bob = await open({ ...one, headers: token });
  bob.say({ type: 'connection_init', payload: { authorization: 'Bearer bob' } });
  bob.ask('q');
  await until(() => served.length === 1);
  expect(served.map(({ principal }) => principal)).toEqual(['bob']);
  bob.socket.terminate();
  await until(() => server.live.size === 1);
  // Known by its upgrade, though it says nothing.
  (await open({ ...one, headers: token })).socket.terminate();
  await until(() => server.live.size === 1);
  const refused = await open({ ...one, headers: { authorization: 'Basic x' } });
  wrong.socket.terminate();
  refused.say({ type: 'connection_init' });
  expect(await refused.closed).toBe(4403);
  await until(() => server.live.size === 0);
  expect(charged).toEqual(['127.0.0.1']);
});

test.each([
  ['whose token has ended', undefined],
  ['who may do something else now', { name: 'alice', scope: { ...scope, key: 'less' } }],
])('%s begins nothing more over a socket that is open, and is closed as revoked', async (_who, now) => {
  const client = await open({ ...one, headers: token });
  client.say({ type: 'connection_init' });
  client.ask('before');
  await until(() => client.heard.length === 3);
  const before = alice;
  alice = now;
  client.ask('after', 'mutation { text }');
  await until(() => client.heard.length === 4);
  // Not by the next look at who is still welcome.
  alice = before;
  expect(await client.closed).toBe(4403);
  expect(client.heard.slice(3)).toMatchObject([
    { id: 'after', type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
  ]);
  expect(served.map(({ status }) => status)).toEqual([200, 401]);
});
