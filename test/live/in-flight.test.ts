import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo, type EventClient } from './event-client.js';

const most = 4;
const later = '99999999.zz';

let gateway: GatewayUnderTest;
const sockets: Socket[] = [];
const streams: EventClient[] = [];

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    clients: { alice: { roles: ['reader'] }, bob: { roles: ['reader'] } },
    yaml: `limits: { inFlightPerPrincipal: ${most}, deadline: 5s }`,
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const stream of streams.splice(0)) stream.leave();
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

/** A connection that asks for all of this at once, without waiting for any answer. */
function pipelined(...asked: readonly (readonly [path: string, header?: string])[]) {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  const heard = { text: '', closed: false, socket };
  socket.setEncoding('utf8').on('data', (text: string) => (heard.text += text));
  socket.on('error', () => undefined).on('close', () => (heard.closed = true));
  for (const [path, header = 'Accept: */*'] of asked)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\n${header}\r\n\r\n`);
  return heard;
}

const locations = '/netweave/v1/locations';
const waits = [locations, `X-Netweave-At-Least: ${later}`] as const;
const ask = (as: string) => gateway.send(locations, { as });

test('nothing may be asked for behind an answer that never ends', async () => {
  for (let round = 0; round < 2 * most; round += 1) {
    const behind = pipelined(['/events'], [locations]);
    await until(() => behind.closed);
    const alone = pipelined([locations], ['/events']);
    await until(() => alone.text.includes('text/event-stream'));
    expect(alone.closed).toBe(false);
    alone.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => alone.closed);
  }
  expect((await ask('alice')).status).toBe(200);
});

test('requests that waited for their turn on a connection are over when it ends', async () => {
  for (let round = 0; round < 3; round += 1) {
    const heard = pipelined(waits, [locations], [locations], [locations]);
    await until(async () => (await ask('alice')).status === 429);
    heard.socket.destroy();
    await until(async () => (await ask('alice')).status === 200);
  }
});

test('one principal has no more under way than it may, and nobody else notices; streams do not count', async () => {
  for (let each = 0; each < most + 1; each += 1) streams.push(await listenTo(gateway, '', { as: 'alice' }));
  const waiting = Array.from({ length: most }, () => pipelined(waits));
  await until(async () => (await ask('alice')).status === 429);
  const { status, headers, text } = await ask('alice');
  expect([status, headers['retry-after'], JSON.parse(text)]).toMatchObject([429, '1', { code: 'RATE_LIMITED' }]);
  expect((await ask('bob')).status).toBe(200);
  waiting[0]!.socket.destroy();
  await until(async () => (await ask('alice')).status === 200);
});
