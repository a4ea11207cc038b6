import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive, type LiveClient } from './live-client.js';
import { frameOf, opcodes, upgraded, type Frame } from './raw-socket.js';

let gateway: GatewayUnderTest;
let other: LiveClient;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 20, pools: 2, changesPerSecond: 0 } } },
    yaml: 'limits: { bodyBytes: 64KiB }',
  });
  other = await connectLive(gateway);
});
afterEach(async () => {
  // Another connection and requests are served as before.
  const before = other.heard.length;
  other.say({ type: 'ping' });
  await until(() => other.heard.length > before);
  expect((await gateway.send('/netweave/v1/resourcePools')).status).toBe(200);
});
afterAll(async () => {
  other.socket.terminate();
  await gateway.close();
  // What nobody catches fails the test that is running.
  expect(gateway.logged).toEqual([]);
});

const { continuation, text, binary, close, ping } = opcodes;
const init = JSON.stringify({ type: 'connection_init' });
const beginning: Frame = { opcode: text, payload: init.slice(0, 5), fin: false };

test('frames that keep to the protocol are heard, however a message is cut and what comes in between', async () => {
  const client = await upgraded(gateway);
  const cut: readonly Frame[] = [
    beginning,
    { opcode: ping, payload: 'now' },
    { opcode: continuation, payload: init.slice(5, 9), fin: false },
    { opcode: continuation, payload: init.slice(9) },
  ];
  for (const byte of Buffer.concat(cut.map(frameOf))) client.socket.write(Buffer.from([byte]));
  await until(() => client.heard.length === 2);
  expect([client.heard[0], JSON.parse(client.heard[1]!)]).toEqual(['now', { type: 'connection_ack' }]);
  client.socket.write(frameOf({ opcode: close, payload: Buffer.from([0x03, 0xe8]) }));
  expect(await client.ended).toBe(1000);
});

const cases: readonly (readonly [number, string, ...Frame[]])[] = [
  [1002, 'a continuation of nothing', { opcode: continuation, payload: 'x' }],
  [1002, 'a message inside a message', beginning, { opcode: text, payload: init }],
  [1002, 'other data inside a message', beginning, { opcode: binary, payload: init, fin: false }],
  [1002, 'a frame without a mask', { opcode: text, payload: init, masked: false }],
  [1002, 'a ping without a mask', { opcode: ping, masked: false }],
  ...[1, 2, 4, 7].map(
    (reserved) => [1002, `reserved bits ${reserved}`, { opcode: text, payload: init, reserved }] as const,
  ),
  [1002, 'a compressed ping', { opcode: ping, reserved: 4 }],
  ...[0x3, 0x7, 0xb, 0xf].map((opcode) => [1002, `opcode ${opcode}`, { opcode, payload: init }] as const),
  [1002, 'a ping of 126 bytes', { opcode: ping, payload: 'x'.repeat(126) }],
  [1002, 'a close of 126 bytes', { opcode: close, payload: Buffer.alloc(126, 3) }],
  [1002, 'a ping in pieces', { opcode: ping, payload: 'x', fin: false }],
  [1002, 'a close of one byte', { opcode: close, payload: Buffer.from([3]) }],
  [1002, 'a close with a code that nobody sends', { opcode: close, payload: Buffer.from([0x03, 0xed]) }],
  [1007, 'a close whose reason is no text', { opcode: close, payload: Buffer.from([0x03, 0xe8, 0xc3, 0x28]) }],
  [1007, 'a message that is no text', { opcode: text, payload: Buffer.from([0xc3, 0x28]) }],
  [1009, 'a byte more than a message may have', { opcode: text, announced: 65_537n }],
  [1009, 'a length of 4 GiB', { opcode: text, announced: 2n ** 32n }],
  [1009, 'a length that is no exact number', { opcode: text, announced: 2n ** 53n }],
  [1009, 'the greatest length there is', { opcode: binary, announced: 2n ** 64n - 1n }],
];
test.each(cases)('closed with %i: %s', async (code, _what, ...frames) => {
  const client = await upgraded(gateway);
  client.socket.write(Buffer.concat(frames.map(frameOf)));
  expect(await client.ended).toBe(code);
});

test('who is closed is heard no more, and who breaks the protocol while it has streams loses these alone', async () => {
  const client = await upgraded(gateway);
  const say = (message: object) => frameOf({ opcode: text, payload: JSON.stringify(message) });
  const subscribe = (id: string) =>
    say({ id, type: 'subscribe', payload: { query: 'subscription { changes { __typename } }' } });
  client.socket.write(say({ type: 'connection_init' }));
  await until(() => client.heard.length === 1);
  client.socket.write(Buffer.concat([subscribe('1'), say({ type: 'ping' })]));
  await until(() => client.heard.length === 2);
  const create =
    'mutation { createResourcePool(input: { name: "late", description: "d" }) { resourcePool { resourcePoolId } } }';
  client.socket.write(
    Buffer.concat([frameOf({ opcode: continuation }), say({ id: '2', type: 'subscribe', payload: { query: create } })]),
  );
  expect(await client.ended).toBe(1002);
  expect((await gateway.send('/netweave/v1/resourcePools')).text).not.toContain('late');
});

test('a frame that never comes whole costs nothing but its connection', async () => {
  const client = await upgraded(gateway);
  const whole = frameOf({ opcode: text, payload: init });
  for (let length = 1; length < whole.length; length += 1) {
    const cut = await upgraded(gateway);
    cut.socket.end(whole.subarray(0, length));
    await cut.ended;
  }
  client.socket.resetAndDestroy();
  await client.ended;
});
