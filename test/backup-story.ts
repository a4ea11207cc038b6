import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { run } from '#src/cli/run.js';
import { openGatewayUnderTest, until, type GatewayUnderTest, type Setup } from './gateway-under-test.js';

const subscriptions = '/netweave/v1/inventorySubscriptions';
const before = 30;

/** The command line of an operator beside a running gateway. */
async function command(line: string, gateway: GatewayUnderTest, token = 'admin') {
  let [out, error] = ['', ''];
  const terminal = { out: (text: string) => void (out += text), error: (text: string) => void (error += text) };
  const code = await run([...line.split(' '), '--url', gateway.url], { NETWEAVE_TOKEN: token }, terminal);
  return { code, out, error };
}

const key = (fill: number): string => `key: ${Buffer.alloc(32, fill).toString('base64')}`;

export const setUp = (store: Pick<Setup, 'folder' | 'store'>, fill = 7): Setup => ({
  ...store,
  simulators: { sim: { embedded: { seed: 3, size: 20, pools: 4, changesPerSecond: 0 } } },
  clients: { admin: { roles: ['admin'] }, red: { roles: ['operator'], tenant: 'red' } },
  yaml: `callbacks: { test: "off" }\n${key(fill)}`,
});

interface Received {
  readonly path: string;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

async function receiver() {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push({ path: request.url!, text, headers: request.headers });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, received, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function asked<T>(gateway: GatewayUnderTest, target: string, body?: unknown, as = 'admin'): Promise<T> {
  const how = body === undefined ? {} : { method: 'POST', body };
  const { status, text } = await gateway.send(target, { as, ...how });
  if (status >= 300) throw new Error(`${target}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

const createPool = (gateway: GatewayUnderTest, name: string) =>
  asked(gateway, '/netweave/v1/resourcePools', { name, description: 'x' });

const subscribe = (gateway: GatewayUnderTest, callback: string, as?: string) =>
  asked<{ readonly id: string }>(gateway, subscriptions, { callback }, as);

const all = (gateway: GatewayUnderTest) =>
  asked<{ readonly items: readonly { readonly subscriptionId: string; readonly state: string }[] }>(
    gateway,
    `${subscriptions}?first=500`,
  );

/** Backup under writes, loss of the store, restore: the same subscriptions deliver again, signed with the same secrets. */
export async function survivesLoss(first: Setup, loseStore: () => Promise<Setup>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-backups-'));
  const file = join(folder, 'backup');
  const callback = await receiver();
  // A simulated backend may remember the pools of an earlier run.
  const name = randomUUID();
  let gateway = await openGatewayUnderTest(first);
  try {
    for (let at = 0; at < before; at += 1) await subscribe(gateway, `${callback.url}/${at}`, at % 2 ? 'red' : 'admin');
    const { id } = await subscribe(gateway, `${callback.url}/signed`);
    const { signingSecret } = await asked<{ signingSecret: string }>(
      gateway,
      `${subscriptions}/${id}/rotateSecret`,
      {},
    );

    // While others subscribe, and pools change.
    let writing = true;
    const writes = (async () => {
      for (let at = 0; writing; at += 1) {
        await subscribe(gateway, `${callback.url}/meanwhile/${at}`);
        await createPool(gateway, `${name} ${at}`);
      }
    })();
    const taken = await command(`backup ${file}`, gateway);
    writing = false;
    await writes;
    expect(taken).toMatchObject({ code: 0, error: '' });
    expect(readFileSync(file, 'utf8')).not.toContain(signingSecret);
    await gateway.close();

    gateway = await openGatewayUnderTest(await loseStore());
    expect((await all(gateway)).items).toEqual([]);
    const restored = await command(`restore ${file}`, gateway);
    expect(restored).toMatchObject({ code: 0, error: '' });
    const ids = (await all(gateway)).items.map((each) => each.subscriptionId);
    expect(ids.length).toBeGreaterThanOrEqual(before + 1);
    expect(restored.out).toContain(`: ${ids.length} subscriptions created, 0 replaced`);
    expect(ids).toContain(id);

    // The place of another log is gone: all say so, and go on from now.
    await until(async () => (await all(gateway)).items.every(({ state }) => state === 'degraded'));
    callback.received.length = 0;
    await createPool(gateway, `${name} after`);
    await until(() => callback.received.some(({ path, text }) => path === '/signed' && text.includes(`${name} after`)));
    const { text, headers } = callback.received.find(({ path }) => path === '/signed')!;
    expect(() => new Webhook(signingSecret).verify(text, headers as Record<string, string>)).not.toThrow();

    expect((await command(`restore ${file}`, gateway)).out).toContain(`0 replaced, ${ids.length} unchanged`);
  } finally {
    await gateway.close();
    await callback.close();
    rmSync(folder, { recursive: true });
  }
}

/** Stages in which an operation stands in the audit. */
async function auditedOf(gateway: GatewayUnderTest, operation: string): Promise<readonly string[]> {
  type Entry = { readonly operation: string; readonly stage: string };
  const { items } = await asked<{ readonly items: readonly Entry[] }>(gateway, '/netweave/v1/audit');
  return items.filter((entry) => entry.operation === operation).map(({ stage }) => stage);
}

/** What stands differently is kept, or replaced by those who say so; the foreign is refused. */
export async function judges(setUpOf: (folder: string, fill?: number) => Setup): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-backups-'));
  const file = join(folder, 'backup');
  const callback = await receiver();
  let gateway = await openGatewayUnderTest(setUpOf(join(folder, 'one')));
  try {
    const made = await subscribe(gateway, 'http://127.0.0.1:9/a');
    const gone = await subscribe(gateway, `${callback.url}/gone`);
    expect((await command(`backup ${file}`, gateway)).code).toBe(0);
    expect(await auditedOf(gateway, 'backup.read')).toEqual(expect.arrayContaining(['intent', 'outcome']));
    const one = `${subscriptions}/${made.id}`;
    await gateway.send(one, { as: 'admin', method: 'PATCH', body: { filter: '(eq,objectType,ResourceInfo)' } });
    await gateway.send(`${subscriptions}/${gone.id}`, { as: 'admin', method: 'DELETE' });

    const refused = await command(`restore ${file}`, gateway);
    expect(refused.code).toBe(5);
    expect(refused.error).toContain('1 subscription stands differently');
    expect(refused.error).toContain(made.id);
    expect((await all(gateway)).items.map((each) => each.subscriptionId)).toEqual([made.id]);
    expect((await command(`restore ${file} --replace`, gateway)).out).toContain('1 subscription created, 1 replaced');
    expect((await all(gateway)).items).toHaveLength(2);
    expect(await asked(gateway, one)).not.toHaveProperty('filter');
    // An id that was deleted delivers again in the process that saw it go.
    const name = randomUUID();
    await createPool(gateway, name);
    await until(() => callback.received.some(({ path, text }) => path === '/gone' && text.includes(name)));

    expect((await command(`backup ${file}`, gateway, 'red')).error).toMatch(/403.*backup:take/);
    expect((await command(`backup ${file}`, gateway, 'nobody')).error).toMatch(/401.*NETWEAVE_TOKEN/);
    const text = readFileSync(file, 'utf8');
    writeFileSync(`${file}.cut`, text.slice(0, -1));
    expect((await command(`restore ${file}.cut`, gateway)).error).toContain('Nothing was restored.');
    await gateway.close();

    gateway = await openGatewayUnderTest(setUpOf(join(folder, 'two'), 8));
    expect((await command(`restore ${file}`, gateway)).error).toMatch(/another key.*NETWEAVE_KEY/);
    expect((await all(gateway)).items).toEqual([]);
  } finally {
    await gateway.close();
    await callback.close();
    rmSync(folder, { recursive: true });
  }
}
