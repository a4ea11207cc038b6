import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { startProcess, type GatewayProcess } from './gateway-process.js';
import { until } from './gateway-under-test.js';

// A process takes a second of one processor to start, of which there may be few.
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'netweave-process-'));
const started: GatewayProcess[] = [];
/** Kills in the midst of writes. */
const kills = Number(process.env['NETWEAVE_STARTS'] ?? 6);
const o2 = '/o2ims-infrastructureInventory/v2';

afterEach(async () => {
  for (const gateway of started.splice(0)) gateway.signal('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const standing = '{ embedded: { seed: 4, size: 60, changesPerSecond: 0 } }';

/** A configuration with a store of its own and, unless told, an O-Cloud that changes only by what users write. */
function configured(name: string, options = standing): string {
  // Its URL is part of the O-Cloud, and the port is another at every start.
  const text = `listen: { port: 0 }
publicUrl: https://o-cloud.example
store: { file: ./${name}/store.db }
backends: [{ key: sim, type: simulator, options: ${options} }]
`;
  return written(`${name}.yaml`, text);
}

async function start(...args: readonly string[]): Promise<GatewayProcess> {
  const gateway = await startProcess(folder, ...args);
  started.push(gateway);
  return gateway;
}

/** Starts, and waits until everything is read. */
async function startRead(...args: readonly string[]): Promise<GatewayProcess> {
  const gateway = await start(...args);
  expect(gateway.error).toBe('');
  await until(() => gateway.out.includes('is read.'));
  return gateway;
}

async function json(url: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Record<string, unknown>> {
  const headers = body ? { 'Content-Type': 'application/json' } : {};
  const reply = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  expect([reply.status < 300, await reply.clone().text()]).toEqual([true, expect.any(String)]);
  return (await reply.json()) as Record<string, unknown>;
}

/** Path and ETag of every list, and of every pool. */
async function etags({ url }: GatewayProcess): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const tag = async (path: string) => (found[path] = (await fetch(url + path)).headers.get('etag')!);
  const { items } = await json(`${url}/netweave/v1/resourcePools?first=1000`);
  for (const list of ['oCloudSites', 'locations', 'resourceTypes', 'resourcePools', 'deploymentManagers'])
    await tag(`${o2}/${list}`);
  for (const { resourcePoolId } of items as readonly { readonly resourcePoolId: string }[]) {
    await tag(`${o2}/resourcePools/${resourcePoolId}`);
    await tag(`${o2}/resourcePools/${resourcePoolId}/resources`);
  }
  return found;
}

describe('a start', () => {
  test('says where everything is', async () => {
    const { out, url } = await startRead('--port', '0');
    const paths = [...out.matchAll(/(https?:\/\/\S+?)(\/\S*)/g)].map(([, , path]) => path!);
    expect(paths).toEqual([`${o2}`, '/netweave/v1', '/graphql', '/trpc', '/live', '/docs', '/metrics']);
    expect(out).toContain(join('.netweave', 'store.db'));
    for (const path of [
      `${o2}/`,
      '/netweave/v1/oCloud',
      '/graphql?query={__typename}',
      '/trpc/oClouds.get',
      '/docs',
      '/metrics',
      '/livez',
      '/readyz?verbose',
    ]) {
      const { status } = await fetch(url + path, { headers: { 'Apollo-Require-Preflight': 'x' } });
      expect([path, status]).toEqual([path, 200]);
    }
  });

  test('on the store of an earlier one shows the same ids, the same ETags, and what users wrote; at once, backend or not', async () => {
    const config = configured('again');
    const first = await startRead('--config', config);
    const made = await json(`${first.url}/netweave/v1/resourcePools`, { name: 'mine', description: 'kept' });
    const path = `${o2}/resourcePools/${String(made['id'])}`;
    await json(`${first.url}/netweave/v1/resourcePools/${String(made['id'])}/scale`, { size: 3 });
    const before = await etags(first);
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);

    const alone = await start('--config', configured('again', "{ url: 'http://127.0.0.1:9' }"));
    expect(await etags(alone)).toEqual(before);
    const { headers, status } = await fetch(alone.url + path, { headers: { 'If-None-Match': before[path]! } });
    expect([status, headers.get('x-netweave-incomplete')]).toEqual([304, 'sim']);
    alone.signal('SIGTERM');
    expect(await alone.ended).toBe(0);

    const again = await startRead('--config', configured('again'));
    expect(await etags(again)).toEqual(before);
    expect(await json(again.url + path)).toMatchObject({ name: 'mine', description: 'kept' });
    expect(Object.keys(await json(`${again.url}${path}/resources`))).toHaveLength(3);
  });
});

describe('a start that fails says what to do and ends with its code', () => {
  test('3: the port is in use; 4: the store is in use', async () => {
    const config = configured('taken');
    const { port } = new URL((await startRead('--config', config)).url);
    const same = await start('--memory', '--port', port);
    expect(await same.ended).toBe(3);
    const sentence = `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or choose another port`;
    expect(same.error).toContain(sentence);

    const second = await start('--config', config);
    expect(await second.ended).toBe(4);
    expect(second.error).toMatch(
      /^The store \S+taken\/store\.db is in use by another gateway\. Stop that one, or name another file/,
    );
  });

  test('4: the store is something else', async () => {
    written(
      'not-a-store.db',
      'a letter to my aunt, which is somewhat longer than the header of a database file would be '.repeat(4),
    );
    const config = written('aunt.yaml', 'listen: { port: 0 }\nstore: { file: ./not-a-store.db }\n');
    const gateway = await start('--config', config);
    expect(await gateway.ended).toBe(4);
    expect(gateway.error).toContain('not-a-store.db is not a netweave store.');
  });

  test('2: a kubeconfig cannot be read', async () => {
    const path = written('broken-kubeconfig', 'clusters: [\n  token: do-not-show-me');
    const gateway = await start('--kubeconfig', path, '--port', '0', '--memory');
    expect(await gateway.ended).toBe(2);
    expect(gateway.error).toContain(path);
    expect(gateway.error).not.toContain('do-not-show-me');
    expect(gateway.error).not.toMatch(/^ {4}at /m);
  });

  test('2: a configuration has three faults, all of which are listed', async () => {
    const path = written('faulty.yaml', 'listen:\n  prot: 8080\nmode: productive\nlimits:\n  deadline: soon\n');
    const gateway = await start('--config', path);
    expect(await gateway.ended).toBe(2);
    const lines = gateway.error.trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(gateway.error).toContain(`${path}:2: listen.prot: There is no such setting. Did you mean 'port'?`);
    expect(gateway.error).toContain(`${path}:3: mode: `);
    expect(gateway.error).toContain(`${path}:5: limits.deadline: `);
  });
});

test('SIGTERM lets what is in flight finish, accepts nothing more, and ends with 0', async () => {
  const config = configured('drained');
  const gateway = await startRead('--config', config);
  const { port } = new URL(gateway.url);
  const body = JSON.stringify({ name: 'written while stopping', description: '' });
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    `POST /netweave/v1/resourcePools HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  const atLeast = { 'X-Netweave-At-Least': '999999999.zz' };
  const waits = fetch(`${gateway.url}/netweave/v1/oCloud`, { headers: atLeast }).then(({ status }) => status);
  // Its answer says that the gateway has the other requests too.
  await json(`${gateway.url}/netweave/v1/oCloud`);
  gateway.signal('SIGTERM');
  await until(() => gateway.error.includes('Stopping'));
  await until(() =>
    fetch(`${gateway.url}/livez`).then(
      () => false,
      () => true,
    ),
  );
  expect(await waits).toBe(503);
  socket.write(body.slice(5));
  await closed;
  expect(answer).toMatch(/^HTTP\/1.1 201 Created\r\n/);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  expect(await gateway.ended).toBe(0);
  expect(gateway.error).toContain('Stopped.');

  const after = await startRead('--config', config);
  const { items } = await json(`${after.url}/netweave/v1/resourcePools?filter=(eq,name,written while stopping)`);
  expect(items).toHaveLength(1);
});

/** The newest place of the log, read from a copy, as whoever finds the file would. */
function headOf(store: string): number {
  const copy = join(folder, 'copy.db');
  for (const end of ['', '-wal']) {
    rmSync(copy + end, { force: true });
    if (existsSync(store + end)) copyFileSync(store + end, copy + end);
  }
  const database = new DatabaseSync(copy);
  const { seq } = database.prepare('SELECT max(seq) AS seq FROM log').get() as { readonly seq: number };
  database.close();
  return seq;
}

/** A client's account of what it wrote. */
interface Account {
  /** Descriptions of pools by id, as the gateway acknowledged them. */
  readonly acknowledged: Map<string, string>;
  /** Writes that were never answered: each may have reached the O-Cloud or not. */
  open: number;
}

test(
  `kill -9 ${kills} times, every other time in the midst of writes: nothing acknowledged is lost, nothing made up`,
  async () => {
    const config = configured('killed');
    const store = join(folder, 'killed', 'store.db');
    const account: Account = { acknowledged: new Map(), open: 0 };
    let before: Readonly<Record<string, string>> = {};
    for (let round = 0; round < kills; round += 1) {
      const head = round === 0 ? undefined : headOf(store);
      const gateway = await startRead('--config', config);
      if (head !== undefined) expect(headOf(store) - head).toBeLessThanOrEqual(account.open);
      const { items } = await json(`${gateway.url}/netweave/v1/resourcePools?first=1000`);
      const pools = items as readonly { readonly resourcePoolId: string; readonly description: string }[];
      const found = new Map(pools.map(({ resourcePoolId, description }) => [resourcePoolId, description]));
      for (const [id, description] of account.acknowledged) expect([id, found.get(id)]).toEqual([id, description]);
      const now = await etags(gateway);
      expect(now).toMatchObject(before);

      // What is not written in this round must come back as it is.
      before = Object.fromEntries(Object.entries(now).filter(([path]) => !/(Pools|Sites)$/.test(path)));
      account.open = 0;
      await writeUntilKilled(gateway, round, account);
      expect(await gateway.ended).toBe('SIGKILL');
    }
  },
  60_000 + kills * 5_000,
);

/** Four clients create pools and change them; after some writes the process is killed: in odd rounds once all are answered. */
async function writeUntilKilled(gateway: GatewayProcess, round: number, account: Account): Promise<void> {
  const pools = `${gateway.url}/netweave/v1/resourcePools`;
  const { acknowledged } = account;
  let left = 10 + round * 3;
  const write = async (url: string, body: object, method: string): Promise<string> => {
    account.open += 1;
    const { id, value } = await json(url, body, method);
    account.open -= 1;
    acknowledged.set(String(id), (value as { readonly description: string }).description);
    left -= 1;
    if (left === 0 && round % 2 === 0) gateway.signal('SIGKILL');
    return String(id);
  };
  const client = async (name: number): Promise<void> => {
    for (let at = 0; left > 0 || round % 2 === 0; at += 1) {
      const id = await write(pools, { name: `${round}-${name}-${at}`, description: 'made' }, 'POST');
      // Between request and answer either value may be the durable one.
      acknowledged.delete(id);
      await write(`${pools}/${id}`, { description: `changed in round ${round}` }, 'PATCH');
    }
  };
  const ends = await Promise.allSettled([0, 1, 2, 3].map(client));
  // Whoever was not answered was cut off, not refused.
  for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ message: 'fetch failed' });
  gateway.signal('SIGKILL');
}
