import 'reflect-metadata';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ExecutionResult } from 'graphql';
import type { WebSocket } from 'ws';
import { Fault } from '#schema/errors.js';
import type { Sink } from '#subscriptions/live/stream.js';
import type { Caller } from '../../operations/caller.js';
import type { Served } from '../admission.js';
import { connectTo, until } from './testing/web-socket-client.js';
import { webSocketServer, type WebSocketServerUnderTest } from './testing/web-socket-server.js';

const megabyte = 'x'.repeat(1_000_000);

let server: WebSocketServerUnderTest;
let mostInFlight: number;
const clients: WebSocket[] = [];
const served: Served[] = [];
const asked: Caller[] = [];
/** Whenever an operation has ended. */
let hear: () => void;
let sink: Sink<string>;
/** Why no stream is begun. */
let refusal: Fault | undefined;
let once: (caller: Caller) => Promise<ExecutionResult>;

beforeEach(async () => {
  mostInFlight = 1000;
  refusal = undefined;
  hear = () => undefined;
  once = async () => ({ data: { text: 'x'.repeat(2_000_000) } });
  server = await webSocketServer({
    clients: 10,
    messageBytes: 1_100_000,
    subscribe(_caller, _document, joined) {
      if (refusal) throw refusal;
      sink = joined;
      return () => undefined;
    },
    once(_sent, caller) {
      asked.push(caller);
      return once(caller);
    },
    load: {
      get maxInFlight() {
        return mostInFlight;
      },
      loopDelay: () => 0,
      maxLoopDelay: 100,
    },
    served(each) {
      served.push(each);
      hear();
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  asked.length = 0;
  served.length = 0;
  await server.close();
});

async function connected() {
  const client = await connectTo(server.url);
  clients.push(client.socket);
  return client;
}

test('nothing is begun for who does not take what was answered, and the rest when it does', async () => {
  const client = await connected();
  client.socket.pause();
  for (let each = 0; each < 24; each += 1) client.ask(`q${each}`);
  // Heard after all of them, and refused without waiting.
  client.ask('last', '{ nothing }');
  await until(() => served.some(({ status }) => status === 400));
  expect(asked.length).toBeLessThanOrEqual(8);
  client.socket.resume();
  await until(() => client.heard.filter(({ type }) => type === 'complete').length === 24);
  expect(asked).toHaveLength(24);
});

test('what waits for its turn is bounded by what it keeps in memory', async () => {
  const client = await connected();
  client.socket.pause();
  for (let each = 0; each < 8; each += 1) client.ask(`q${each}`);
  const variables = { much: megabyte };
  for (const id of ['waits', 'refused'])
    client.say({ id, type: 'subscribe', payload: { query: '{ text }', variables } });
  await until(() => served.some(({ status }) => status === 429));
  client.socket.resume();
  await until(() => client.heard.some(({ id }) => id === 'refused'));
  expect(client.heard.find(({ id }) => id === 'refused')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'RATE_LIMITED' } }],
  });
  await until(() => client.heard.some(({ id, type }) => id === 'waits' && type === 'complete'));
});

test('who makes answers wait and takes none is cut off', async () => {
  const client = await connected();
  client.socket.pause();
  const payload = { much: megabyte };
  for (let each = 0; each < 90; each += 1) client.say({ type: 'ping', payload });
  await until(() => server.live.size === 0);
});

test('who leaves, or does not want an answer any more, stops what is under way for it', async () => {
  once = ({ signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ data: { text: null } })));
  const client = await connected();
  client.ask('a');
  client.ask('b');
  await until(() => asked.length === 2);
  client.say({ id: 'a', type: 'complete' });
  await until(() => asked[0]!.signal.aborted);
  expect(asked[1]!.signal.aborted).toBe(false);
  client.socket.terminate();
  await until(() => asked[1]!.signal.aborted);
  await until(() => served.length === 2);
  expect(served.map(({ method, status, principal }) => [method, status, principal])).toEqual([
    ['WS-QUERY', 499, 'alice'],
    ['WS-QUERY', 499, 'alice'],
  ]);
  expect(client.heard).toHaveLength(1);
});

test('operations are shed like requests, also on a connection that is open', async () => {
  let answer: (result: ExecutionResult) => void = () => undefined;
  once = () => new Promise((resolve) => (answer = resolve));
  const client = await connected();
  client.ask('first');
  await until(() => asked.length === 1);
  mostInFlight = 1;
  client.ask('second');
  await until(() => client.heard.length === 2);
  expect(client.heard[1]).toMatchObject({ id: 'second', payload: [{ extensions: { code: 'UNAVAILABLE' } }] });
  answer({ data: { text: 'x' } });
  await until(() => client.heard.length === 4);
  client.ask('third');
  await until(() => asked.length === 2);
});

test('what its streams were asked with is bounded for a connection, whatever it consists of', async () => {
  const client = await connected();
  const long = 'x'.repeat(60_000);
  const begin = (id: string) =>
    client.say({ id, type: 'subscribe', long, payload: { query: 'subscription { changes }' } });
  begin('a');
  client.ask('b', `subscription { changes } # ${long.slice(0, 900)}`);
  begin('c');
  client.ask('d', 'subscription { changes } # the 128 KiB are not full');
  begin('e');
  await until(() => client.heard.length === 2);
  expect(client.heard[1]).toMatchObject({ id: 'e', type: 'error' });
  client.say({ id: 'c', type: 'complete' });
  begin('f');
  client.say({ type: 'ping' });
  await until(() => client.heard.length === 3);
  expect(client.heard[2]).toMatchObject({ type: 'pong' });
});

test('a stream that is refused takes nothing of what streams of a connection were asked with', async () => {
  const client = await connected();
  const begin = (id: string) =>
    client.say({ id, type: 'subscribe', long: 'x'.repeat(60_000), payload: { query: 'subscription { changes }' } });
  refusal = new Fault('UNAVAILABLE', 'Not now.');
  for (const id of ['a', 'b', 'c']) begin(id);
  await until(() => client.heard.length === 4);
  refusal = undefined;
  for (const id of ['d', 'e', 'f']) begin(id);
  await until(() => client.heard.length === 5);
  const codes = [...Array<string>(3).fill('UNAVAILABLE'), 'RATE_LIMITED'];
  for (const [index, id] of ['a', 'b', 'c', 'f'].entries())
    expect(client.heard[index + 1]).toMatchObject({ id, payload: [{ extensions: { code: codes[index] } }] });
});

test('of who says more than waits for its turn nothing more is read meanwhile', async () => {
  const accepted = new Promise<Socket>((resolve) => server.http.once('connection', resolve));
  const client = await connected();
  const { bytesRead } = await accepted;
  const peer = await accepted;
  const length = 10_000;
  let [begun, most] = [0, 0];
  hear = () => {
    begun += 1;
    most = Math.max(most, peer.bytesRead - bytesRead - begun * length);
    for (const until = performance.now() + 3; performance.now() < until;);
  };
  const message = { id: 'q', type: 'subscribe', payload: { query: '{ nothing }', variables: { much: '' } } };
  message.payload.variables.much = 'x'.repeat(length - JSON.stringify(message).length);
  for (let each = 0; each < 300; each += 1) client.say(message);
  await until(() => begun === 300);
  // Beyond 64 KiB, what is read at once and what was read with the last of them.
  expect(most).toBeLessThan(4 * 65_536);
});

test('what is under way when the gateway goes away is answered first, and nothing is begun', async () => {
  const answer = Promise.withResolvers<ExecutionResult>();
  once = () => answer.promise;
  const client = await connected();
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  client.ask('stream', 'subscription { changes }');
  for (let each = 0; each < 8; each += 1) client.ask(`m${each}`, 'mutation { text }');
  client.ask('waits', 'mutation { text }');
  client.say({ type: 'ping' });
  await until(() => client.heard.length === 2);
  server.live.stop(60_000);
  expect(sink.take([{ bytes: 0, what: '{"data":{"changes":1}}', position: { seq: 1, tag: 'a' } }])).toBe(1);
  client.ask('late', 'mutation { text }');
  client.ask('comes', 'subscription { changes }');
  await until(() => client.heard.length === 3);
  answer.resolve({ data: { text: 'done' } });
  expect(await closed).toBe(1012);
  const said = (id: string) => client.heard.filter((each) => each['id'] === id);
  for (let each = 0; each < 8; each += 1)
    expect(said(`m${each}`)).toMatchObject([{ payload: { data: { text: 'done' } } }, { type: 'complete' }]);
  for (const id of ['waits', 'late'])
    expect(said(id)).toMatchObject([{ type: 'error', payload: [{ extensions: { code: 'UNAVAILABLE' } }] }]);
  // A stream that was complete or failed would not be resumed.
  for (const id of ['stream', 'comes']) expect(said(id)).toEqual([]);
  expect(asked).toHaveLength(8);
  const statuses = served.filter(({ method }) => method === 'WS-MUTATION').map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([...Array.from({ length: 8 }, () => 200), 503, 503]);
});

test('who goes away waits for no answer beyond its time', async () => {
  once = () => new Promise(() => undefined);
  const client = await connected();
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  client.ask('never');
  await until(() => asked.length === 1);
  server.live.stop(2000);
  expect(await closed).toBe(1012);
  await until(() => asked[0]!.signal.aborted);
  expect(client.heard).toHaveLength(1);
});

test('who takes no answers holds up no planned stop, which waits for those that are being made', async () => {
  const [stuck, slow] = [await connected(), await connected()];
  const [answer, long] = [Promise.withResolvers<ExecutionResult>(), once];
  once = () => answer.promise;
  slow.ask('m', 'mutation { text }');
  await until(() => asked.length === 1);
  once = long;
  stuck.socket.pause();
  for (let each = 0; each < 24; each += 1) stuck.ask(`q${each}`);
  await until(() => asked.length > 1);
  const closed = new Promise((resolve) => slow.socket.once('close', resolve));
  server.live.stop(60_000);
  await until(() => server.live.size === 1);
  answer.resolve({ data: { text: 'done' } });
  expect(await closed).toBe(1012);
  expect(slow.heard[1]).toMatchObject({ id: 'm', payload: { data: { text: 'done' } } });
}, 60_000);

/** A frame as clients send it, masked with zeros; not the last of its message. */
function fragment(opcode: 0 | 1, bytes: number): Buffer {
  const head = Buffer.from([opcode, 0x80 | 126, bytes >> 8, bytes & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.alloc(bytes, 'x')]);
}

/** A connection without a client's library, and how many bytes the gateway has read of it. */
async function bare() {
  const { port } = new URL(server.url);
  const accepted = new Promise<Socket>((resolve) => server.http.once('connection', resolve));
  const socket = connect(Number(port), '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('data', (chunk) => heard.push(chunk)).on('error', () => undefined);
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: graphql-transport-ws';
  socket.write(`GET /graphql HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n${key}\r\n\r\n`);
  const { length } = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  const peer = await accepted;
  return { socket, heard: () => Buffer.concat(heard).subarray(length), taken: () => peer.bytesRead };
}

test.each([
  ['at once', 900],
  ['little by little', 40],
])('before it is known who calls, fragments without an end add up to little (%s)', async (how, most) => {
  const { socket, heard, taken } = await bare();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (let each = 0; each < most && !socket.destroyed; each += 1) {
    socket.write(fragment(each === 0 ? 1 : 0, 1000));
    if (how === 'little by little') await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await closed;
  expect([heard().readUInt16BE(2), heard().toString('latin1', 4)]).toEqual([1009, 'Say first who you are']);
  // What the gateway reads at once, and what its socket reads ahead while nobody takes it.
  expect(taken()).toBeLessThan(8192 + 3 * 65_536);
  await until(() => server.live.size === 0);
});

test('who is known may send long messages in fragments', async () => {
  const client = await connected();
  const text = JSON.stringify({ type: 'ping', payload: { much: megabyte } });
  for (let at = 0; at < text.length; at += 10_000)
    client.socket.send(text.slice(at, at + 10_000), { fin: at + 10_000 >= text.length });
  await until(() => client.heard.length === 2);
  expect(client.heard[1]).toMatchObject({ type: 'pong' });
});
