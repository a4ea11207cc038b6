import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Happened } from '#src/facades/trpc/client.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';
import { startTcpProxy, type TcpProxy } from '../peers/tcp-proxy.js';

let gateway: GatewayUnderTest;
let proxy: TcpProxy;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 20 } } },
    clients: { admin: { roles: ['admin'] }, nothing: { roles: ['none'] } },
    yaml: 'roles: { none: ["resourcePools:create"] }',
  });
  proxy = await startTcpProxy(Number(new URL(gateway.url).port));
});
afterAll(async () => {
  proxy.close();
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

const seqOf = (position: unknown) => Number(String(position).split('.')[0]);
const client = (token: string) => createClient({ url: `http://127.0.0.1:${proxy.port}/trpc`, token });

interface Watching {
  readonly heard: { readonly id: string; readonly data: Happened }[];
  readonly errors: string[];
  /** How often it was connected. */
  started(): number;
  stop(): void;
}

function watch(
  token: string,
  input?: Parameters<ReturnType<typeof createClient>['changes']['watch']['subscribe']>[0],
): Watching {
  const heard: Watching['heard'] = [];
  const errors: string[] = [];
  let started = 0;
  const { unsubscribe } = client(token).changes.watch.subscribe(input, {
    onStarted: () => (started += 1),
    onData: (event) => void heard.push(event),
    onError: (error) => void errors.push(error.data?.code ?? error.message),
  });
  return { heard, errors, started: () => started, stop: unsubscribe };
}

test('tells what changes, typed, and resumes by itself where it was cut off', async () => {
  const { heard, stop } = watch('admin');
  for (const count of [3, 12, 25]) {
    await until(() => heard.length > count);
    proxy.reset();
  }
  await until(() => heard.length > 40);
  stop();
  const seqs = heard.map(({ id }) => seqOf(id));
  expect(seqs).toEqual(seqs.map((_seq, index) => seqs[0]! + index));
  for (const { id, data } of heard) {
    if ('reason' in data) throw new Error('no gap was expected');
    expect(data.position).toBe(id);
    expect(data.object === null).toBe(data.change === 'DELETED');
  }
}, 30_000);

test('a position of another log is told as a gap', async () => {
  const { heard, stop } = watch('admin', { since: '99999999.zz' });
  await until(() => heard.length > 1);
  stop();
  expect(heard[0]!.data).toMatchObject({ reason: 'REWRITTEN' });
  expect(heard[1]!.data).toHaveProperty('change');
});

test.each([
  ['nothing', undefined, 'FORBIDDEN'],
  ['admin', { since: 'x' }, 'INVALID'],
  ['stranger', undefined, 'UNAUTHENTICATED'],
] as const)('%s with %p is refused: %s', async (token, input, code) => {
  const { errors, stop } = watch(token, input);
  await until(() => errors.length > 0);
  stop();
  expect(errors[0]).toMatch(code === 'UNAUTHENTICATED' ? /401|UNAUTHENTICATED/ : code);
});

async function makePool(name: string): Promise<void> {
  const body = { name, description: 'Made by a test' };
  const reply = await gateway.send('/netweave/v1/resourcePools', { method: 'POST', as: 'admin', body });
  expect(reply.status).toBe(201);
}

test('who was cut off before it was told anything is told what it missed', async () => {
  const { heard, started, stop } = watch('admin', { filter: '(eq,name,missed)', objects: ['ResourcePool'] });
  await until(() => started() === 1);
  proxy.refuse();
  proxy.reset();
  await makePool('other');
  await makePool('missed');
  await proxy.accept();
  await until(() => heard.length > 0);
  stop();
  expect(heard.map(({ data }) => data)).toMatchObject([{ change: 'CREATED', object: { name: 'missed' } }]);
});

test('who reads nothing for long is told the rest in order when it does, and holds up nobody', async () => {
  const other = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 4, size: 6000, pools: 5, changesPerSecond: 100 } } },
  });
  const input = encodeURIComponent(JSON.stringify({ since: '0.0' }));
  let text = '';
  const told = () => [...text.matchAll(/^id: (\d+)\./gm)].map(([, seq]) => Number(seq));
  const sent = request(`${other.url}/trpc/changes.watch?input=${input}`, { agent: false });
  const slow = new Promise<IncomingMessage>((resolve) => sent.once('response', resolve).end());
  (await slow).setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  (await slow).pause();
  const quick = await listenTo(other);
  await until(() => quick.told().length > 60);
  const head = seqOf(quick.lastId());
  expect(told().length).toBeLessThan(6000);
  (await slow).resume();
  const last = () => Number(/[^]*^id: (\d+)\./m.exec(text.slice(-8000))?.[1]);
  await until(() => last() >= head);
  expect(told()).toEqual([...new Set(told())].sort((a, b) => a - b));
  expect(told().length).toBeGreaterThan(6000);
  sent.on('error', () => undefined).destroy();
  quick.leave();
  await other.close();
  expect(other.logged).toEqual([]);
}, 60_000);

test('a gateway that goes away cuts its streams off, and says nothing is over', async () => {
  const other = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 50 } } },
  });
  const heard: unknown[] = [];
  let over = false;
  const { unsubscribe } = createClient({ url: `${other.url}/trpc` }).changes.watch.subscribe(undefined, {
    onData: (event) => void heard.push(event),
    onStopped: () => (over = true),
    onComplete: () => (over = true),
  });
  await until(() => heard.length > 3);
  await other.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(over).toBe(false);
  unsubscribe();
  expect(other.logged).toEqual([]);
});

test('a gateway that cannot answer yet is asked again', async () => {
  let refused = 0;
  const before = createServer((asked, answer) => {
    if (refused < 1) {
      refused += 1;
      return void answer.writeHead(503).end();
    }
    const { method, headers } = asked;
    const passed = request(`${gateway.url}${asked.url}`, { method, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer).once('close', () => passed.destroy());
    });
    passed.on('error', () => answer.destroy());
    passed.end();
  });
  await new Promise<void>((resolve) => before.listen(0, '127.0.0.1', resolve));
  const heard: unknown[] = [];
  const url = `http://127.0.0.1:${(before.address() as AddressInfo).port}/trpc`;
  const { unsubscribe } = createClient({ url, token: 'admin' }).changes.watch.subscribe(undefined, {
    onData: (event) => void heard.push(event),
  });
  await until(() => heard.length > 0);
  expect(refused).toBe(1);
  unsubscribe();
  before.closeAllConnections();
  await new Promise((resolve) => before.close(resolve));
});
