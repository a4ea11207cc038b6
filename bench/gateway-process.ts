import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { cores, start, type Spawned } from './spawned.js';

const root = join(import.meta.dirname, '..');
/** Node's arguments that run a gateway, with what `npm start` gives it too. */
export const gatewayProgram: readonly string[] = ['--max-semi-space-size=16', join(root, 'src/main.js')];
const token = randomBytes(16).toString('hex');

/** The headers of every request to the gateway. */
export const authorized: Readonly<Record<string, string>> = { Authorization: `Bearer ${token}` };

/** A simulated O-Cloud in a process of its own, on the core of those who load. */
export interface OCloudProcess {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startOCloud(size: number, pools: number): Promise<OCloudProcess> {
  const main = join(root, 'adapters/simulator/o-cloud/main.js');
  const child = start(cores.load, [process.execPath, main, '--size', String(size), '--pools', String(pools)]);
  const [, url] = await child.printed(/"url":"([^"]+)"/);
  return { url: url!, stop: () => child.stop() };
}

/** A gateway in production mode: bearer token, rate limit, metrics, access log to a file. */
export interface GatewayProcess {
  readonly pid: number;
  readonly url: string;
  /** Resolves when every backend has been read. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

/** What a gateway reads, as its configuration says it. */
export interface Backend {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A folder for what gateways keep, and the backend they read. A gateway started again finds its store there. */
export interface Site {
  /** On the core of servers, or on any; `flags` are node's. */
  startGateway(core?: number | 'any', flags?: readonly string[]): Promise<GatewayProcess>;
  close(): Promise<void>;
}

export async function site(backend: Backend): Promise<Site> {
  const home = await mkdtemp(join(tmpdir(), 'netweave-gateway-'));
  const file = join(home, 'netweave.yaml');
  await writeFile(file, stringify(configuration(home, backend)));
  return {
    async startGateway(core = cores.server, flags = []) {
      const child = start(core === 'any' ? undefined : core, [
        process.execPath,
        ...flags,
        ...gatewayProgram,
        '--config',
        file,
      ]);
      return gatewayOf(child);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

/** What `npm start` runs when nothing is configured, except that nothing is kept. */
export function startDemonstration(): Promise<GatewayProcess> {
  return gatewayOf(start(cores.server, [process.execPath, ...gatewayProgram, '--memory', '--port', '0']));
}

async function gatewayOf(child: Spawned): Promise<GatewayProcess> {
  const [, url] = await child.printed(/netweave is ready at (\S+)/);
  const synced = child.printed(/Backend \S+ is read\./).then(() => undefined);
  synced.catch(() => undefined);
  return { pid: child.pid, url: url!, synced, stop: () => child.stop() };
}

function configuration(home: string, backend: Backend): object {
  return {
    mode: 'production',
    behindProxy: true,
    listen: { host: '127.0.0.1', port: 0 },
    key: randomBytes(32).toString('base64'),
    store: { file: join(home, 'store.db') },
    oCloud: { oCloudId: '0b8f6a52-5a0c-4d0e-9d5c-6a1f3c2e7b90', name: 'bench', description: 'The bench' },
    backends: [{ key: 'bench', ...backend }],
    tokens: [{ name: 'bench', sha256: createHash('sha256').update(token).digest('hex'), roles: ['admin'] }],
    limits: { rate: { perSecond: 1_000_000, burst: 2_000_000 }, graphql: { cost: 100_000 } },
    accessLog: { file: join(home, 'access.log') },
  };
}
