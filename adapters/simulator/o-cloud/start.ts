import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { kinds, type ErrorAnswer, type Kind } from './api.js';
import { createDrift } from './drift.js';
import { Estate, type Change } from './estate.js';
import { createFaultSwitch, type FaultSwitch, type OCloudFault } from './faults.js';
import { settleWorld } from './genesis.js';
import { journalPath, openJournal, readJournal, replay, type Journal } from './journal.js';
import { usualPools, type Plan } from './plan.js';
import { Refusal } from './refusal.js';
import { createRenderer } from './render.js';
import { answer, routesOf, type Route } from './routes.js';

export interface OCloudOptions {
  /** The same seed and size make the same O-Cloud. Default 1. */
  readonly seed?: number;
  /** Servers, arrays and switches at first, 1 to 100,000. Default 400. */
  readonly size?: number;
  /** Default 12 for 400, growing with the root of `size`. */
  readonly pools?: number;
  /** Changes that happen by themselves. Default 0. */
  readonly changesPerSecond?: number;
  /** Owners of some edge pools. Default `tenant-a` and `tenant-b`. */
  readonly tenants?: readonly string[];
  /** On 127.0.0.1. Default 0: a free one. */
  readonly port?: number;
  /** Demanded of every request as a bearer token, when given. */
  readonly token?: string;
  /** Where what users wrote is kept; in memory only when absent. */
  readonly dataDirectory?: string;
  /** Changes that a watcher may be behind. Default 20,000. */
  readonly history?: number;
  /** Milliseconds between signs of life in a watch. Default 5,000. */
  readonly heartbeat?: number;
}

export interface OCloudStats {
  /** Requests since the start, by route (`GET /v1/pools`). */
  readonly requests: Readonly<Record<string, number>>;
  readonly objects: Readonly<Record<Kind, number>>;
  readonly sequence: number;
}

/** A running O-Cloud. */
export interface OCloud {
  readonly url: string;
  /** Breaks it; without an argument heals it. */
  fault(fault?: OCloudFault): void;
  stats(): OCloudStats;
  /** Lets `count` changes happen now. */
  tick(count: number): void;
  close(): Promise<void>;
}

/** Starts an O-Cloud on loopback. Its data come from the seed; what users wrote before comes from `dataDirectory`. */
export async function startOCloud(options: OCloudOptions = {}): Promise<OCloud> {
  const { seed = 1, size = 400, tenants = ['tenant-a', 'tenant-b'], changesPerSecond = 0 } = options;
  const plan: Plan = { seed, size, tenants, pools: options.pools ?? usualPools(size) };
  const { estate, journal, spared } = await recall(plan, options);
  const server = createServer();
  const faults = createFaultSwitch(server);
  const routes = routesOf({
    seed,
    estate,
    renderer: createRenderer(estate, seed),
    heartbeat: options.heartbeat ?? 5_000,
    hung: () => faults.hung,
    commit: async (changes) => {
      for (const { id } of changes) spared.add(id);
      await journal?.append(changes);
    },
  });
  const requests: Record<string, number> = {};
  server.on(
    'request',
    (request, response) => void serve({ routes, faults, requests, token: options.token }, request, response),
  );
  const url = await listen(server, options.port ?? 0);
  const drift = createDrift(estate, seed, spared);
  const tick = (count: number): void => {
    for (let done = 0; done < count; done++) drift();
  };
  const stop = keepTicking(changesPerSecond, tick);
  return {
    url,
    fault: (fault) => faults.set(fault),
    stats: () => ({
      requests: { ...requests },
      objects: Object.fromEntries(kinds.map((kind) => [kind, estate.count(kind)])) as Record<Kind, number>,
      sequence: estate.sequence,
    }),
    tick,
    close: async () => {
      stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await journal?.close();
    },
  };
}

interface Recalled {
  readonly estate: Estate;
  readonly journal: Journal | undefined;
  /** Ids that users wrote to. */
  readonly spared: Set<string>;
}

async function recall(plan: Plan, { dataDirectory, history = 20_000 }: OCloudOptions): Promise<Recalled> {
  const path = dataDirectory === undefined ? undefined : journalPath(dataDirectory, plan);
  const written = path === undefined ? [] : await readJournal(path);
  // From the clock, so that a restart begins above everything it said before, and watchers of the life before are told 410.
  const estate = new Estate(
    written.reduce((highest: number, { sequence }: Change) => Math.max(highest, sequence + 1), Date.now() * 1000),
    history,
  );
  settleWorld(estate, plan);
  const kept = replay(estate, written);
  return {
    estate,
    journal: path === undefined ? undefined : await openJournal(path, kept),
    spared: new Set(kept.map(({ id }) => id)),
  };
}

interface Serving {
  readonly routes: readonly Route[];
  readonly faults: FaultSwitch;
  readonly requests: Record<string, number>;
  readonly token: string | undefined;
}

async function serve(
  { routes, faults, requests, token }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://o-cloud');
  const route = routes.find(({ method, path }) => method === request.method && path.test(url.pathname));
  const name = route?.name ?? 'unknown';
  requests[name] = (requests[name] ?? 0) + 1;
  if (faults.strikes(url.pathname, response)) return;
  try {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, 'unauthenticated', 'A valid token is needed.');
    if (!route) throw new Refusal(404, 'not-found', `There is nothing at ${request.method} ${url.pathname}.`);
    const id = decodeURIComponent(route.path.exec(url.pathname)![1] ?? '');
    await route.run({ request, response, query: url.searchParams, id });
  } catch (cause) {
    if (response.headersSent) return void response.destroy();
    const { status, code, message } =
      cause instanceof Refusal ? cause : { status: 500, code: 'broken', message: String(cause) };
    answer(response, status, { error: { code, message } } satisfies ErrorAnswer);
  }
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Spreads changes over time: what is due since the last turn, 20 turns a second. */
function keepTicking(perSecond: number, tick: (count: number) => void): () => void {
  if (perSecond === 0) return () => undefined;
  const start = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond) - done;
    tick(due);
    done += due;
  }, 50);
  return () => clearInterval(timer);
}
