import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { median } from '../alternate.js';
import { line } from '../delivery/figures.js';
import { gatewayProgram } from '../gateway-process.js';
import { paced } from '../paced.js';
import { cores, start } from '../spawned.js';

const subscriptions = '/o2ims-infrastructureInventory/v2/subscriptions';
const count = 100;
const [ours, theirs] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];

/** A gateway of two tenants, which may be called on loopback, on the core that no client runs on. */
async function openGateway() {
  const home = await mkdtemp(join(tmpdir(), 'netweave-foreign-'));
  const file = join(home, 'netweave.yaml');
  const tokenOf = (name: string, token: string) => ({
    name,
    tenant: name,
    sha256: createHash('sha256').update(token).digest('hex'),
    roles: ['admin'],
  });
  const configuration = {
    mode: 'development',
    listen: { host: '127.0.0.1', port: 0 },
    key: randomBytes(32).toString('base64'),
    store: { memory: true },
    oCloud: { oCloudId: randomUUID(), name: 'bench', description: 'The bench' },
    tokens: [tokenOf('ours', ours), tokenOf('theirs', theirs)],
    limits: { rate: { perSecond: 1_000_000, burst: 2_000_000 } },
  };
  await writeFile(file, stringify(configuration));
  const child = start(cores.load, [process.execPath, ...gatewayProgram, '--config', file]);
  const [, url] = await child.printed(/netweave is ready at (\S+)/);
  const close = async () => {
    await child.stop();
    await rm(home, { recursive: true, force: true });
  };
  return { url: url!, close };
}

/** Makes a subscription as somebody; answers its id. */
async function subscribe(url: string, token: string, port: number): Promise<string> {
  const callback = `http://127.0.0.1:${port}/${randomUUID()}`;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(url + subscriptions, { method: 'POST', headers, body: JSON.stringify({ callback }) });
  if (answer.status !== 201) throw new Error(`A subscription was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { readonly subscriptionId: string }).subscriptionId;
}

/** How long it takes to say that there is no such subscription: of one that another tenant has, and of one that nobody has. */
export async function foreignIds(): Promise<void> {
  const { url, close } = await openGateway();
  const smo = createServer((_request, response) => void response.writeHead(204).end()).listen(0, '127.0.0.1');
  try {
    await once(smo, 'listening');
    const { port } = smo.address() as AddressInfo;
    const foreign = await Promise.all(Array.from({ length: count }, () => subscribe(url, theirs, port)));
    const ratio = await compare(url, foreign);
    const name = '404 for an id of another tenant over 404 for an id of nobody';
    line(name, ratio, 'times', { least: 0.95, most: 1.05 });
  } finally {
    await close();
    smo.close().closeAllConnections();
  }
}

async function compare(url: string, foreign: readonly string[]): Promise<number> {
  const headers = { Authorization: `Bearer ${ours}` };
  const asked = [foreign, foreign.map(() => randomUUID())].map((ids) => ({
    ...{ url, headers, status: 404 },
    paths: ids.map((id) => `${subscriptions}/${id}`),
  }));
  const load = { perSecond: 1000, seconds: 3 };
  await paced(asked, load);
  const ratios: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const [there, nowhere] = (await paced(asked, load)).map(median) as [number, number];
    ratios.push(there / nowhere);
  }
  return median(ratios);
}
