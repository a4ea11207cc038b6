import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Happened } from '#src/facades/trpc/client.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
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

const client = (token: string) => createClient({ url: `http://127.0.0.1:${proxy.port}/trpc`, token });

interface Watching {
  readonly heard: { readonly id: string; readonly data: Happened }[];
  readonly errors: string[];
  stop(): void;
}

function watch(
  token: string,
  input?: Parameters<ReturnType<typeof createClient>['changes']['watch']['subscribe']>[0],
): Watching {
  const heard: Watching['heard'] = [];
  const errors: string[] = [];
  const { unsubscribe } = client(token).changes.watch.subscribe(input, {
    onData: (event) => void heard.push(event),
    onError: (error) => void errors.push(error.data?.code ?? error.message),
  });
  return { heard, errors, stop: unsubscribe };
}

test('tells what changes, typed, and resumes by itself where it was cut off', async () => {
  const { heard, stop } = watch('admin');
  for (const count of [3, 12, 25]) {
    await until(() => heard.length > count);
    proxy.reset();
  }
  await until(() => heard.length > 40);
  stop();
  const seqs = heard.map(({ id }) => Number(id.split('.')[0]));
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
