import { objectId } from '#adapters/kit/identity.js';
import { loadConfiguration } from '#platform/config/load.js';
import { createLogger } from '#platform/logger.js';
import { startOCloud, type OCloud, type OCloudOptions } from '#adapters/simulator/o-cloud/start.js';
import { adapterModels } from '#src/gateway/adapter-models.js';
import { openGateway, type Gateway } from '#src/gateway/gateway.js';
import { configurationOf, oCloudId, until, type Setup } from './gateway-under-test.js';

export const facades = ['rest', 'own', 'graphql', 'trpc'] as const;
export type FacadeName = (typeof facades)[number];

/** What a facade says of the backends whose part of an answer may be missing or old. */
export interface Said {
  readonly status: number;
  /** In alphabetical order. */
  readonly incomplete: readonly string[];
  /** Seconds, where the facade says so. */
  readonly age?: number;
  /** By instance, where the facade says so. */
  readonly reasons: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A gateway as a test sees it, whether its backends have been read or not. */
export interface Fleet {
  readonly url: string;
  progress: Gateway['progress'];
  ask(path: string, method?: string, body?: unknown): Promise<Answer>;
  /** What every facade says with a list of pools. */
  said(): Promise<Readonly<Record<FacadeName, Said>>>;
  /**
   * Resolves when all facades name exactly these instances, with 200; whether they name `flapping` does not count. The test's
   * own limit ends the wait.
   */
  names(...instances: readonly string[]): Promise<Readonly<Record<FacadeName, Said>>>;
  pools(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Lines of `/metrics` without their help that begin so. */
  metrics(beginning: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openFleet(setup: Setup): Promise<Fleet> {
  const destination = { write: () => undefined };
  const logger = createLogger({ mode: 'development', level: 'warn', destination, pretty: false });
  const gateway = await openGateway(loadConfiguration({ text: configurationOf(setup), adapterModels }), logger);
  const ask = async (path: string, method = 'GET', body?: unknown): Promise<Answer> => {
    const headers = { connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  const said = () => saidBy(ask);
  return {
    url: gateway.url,
    progress: () => gateway.progress(),
    ask,
    said,
    async names(...instances) {
      const steady = (names: readonly string[]) => JSON.stringify(names.filter((name) => name !== 'flapping').sort());
      const wanted = steady(instances);
      let last = await said();
      await until(async () => {
        last = await said();
        return facades.every((name) => last[name].status === 200 && steady(last[name].incomplete) === wanted);
      });
      return last;
    },
    pools: async () => (await ask(`${v2}/resourcePools`)).body as readonly Readonly<Record<string, unknown>>[],
    metrics: async (beginning) =>
      ((await ask('/metrics')).body as string).split('\n').filter((line) => line.startsWith(beginning)),
    close: () => gateway.close(),
  };
}

/** Simulated O-Clouds on sockets of their own, by key. */
export async function startOClouds<Key extends string>(
  keys: readonly Key[],
  options: OCloudOptions = {},
): Promise<Record<Key, OCloud>> {
  const started = await Promise.all(
    keys.map(async (key, at) => [
      key,
      await startOCloud({ size: 20, pools: 2, heartbeat: 100, seed: at + 1, ...options }),
    ]),
  );
  return Object.fromEntries(started) as Record<Key, OCloud>;
}

/** A backend of the configuration for each; one that falls silent is given up after half a second. */
export function backendsOf(oClouds: Readonly<Record<string, { readonly url: string }>>, rest: object = {}): object[] {
  return Object.entries(oClouds).map(([key, { url }]) => ({
    key,
    type: 'simulator',
    deadline: '500ms',
    options: { url, idleTimeout: 500 },
    ...rest,
  }));
}

/** Ids that the pools of an O-Cloud have behind the instance `key`, in its own order. */
export async function poolIdsOf(key: string, { url }: { readonly url: string }): Promise<readonly string[]> {
  const lines = (await (await fetch(`${url}/v1/pools`, { headers: { connection: 'close' } })).text())
    .trim()
    .split('\n');
  return lines.map((line) => objectId(oCloudId, key, 'ResourcePool', (JSON.parse(line) as { id: string }).id));
}

export const v2 = '/o2ims-infrastructureInventory/v2';

type Incomplete = readonly { readonly instance: string; readonly reason: string }[];

async function saidBy(ask: Fleet['ask']): Promise<Record<FacadeName, Said>> {
  const rest = await ask(`${v2}/resourcePools`);
  const own = await ask('/netweave/v1/resourcePools');
  const trpc = await ask('/trpc/resourcePools.list?input=%7B%7D');
  const query = '{ resourcePools(first: 1) { nodes { id } } }';
  const graphql = await ask('/graphql', 'POST', { query });
  const { incomplete = [] } = (graphql.body as { extensions?: { incomplete?: Incomplete } }).extensions ?? {};
  return {
    rest: headersOf(rest),
    own: agreeing(own, own.body),
    trpc: agreeing(trpc, (trpc.body as { result?: { data: unknown } }).result?.data),
    graphql: {
      status: graphql.status,
      incomplete: incomplete.map(({ instance }) => instance).sort(),
      reasons: Object.fromEntries(incomplete.map(({ instance, reason }) => [instance, reason])),
    },
  };
}

function headersOf({ status, headers }: Answer): Said {
  const named = headers.get('x-netweave-incomplete')?.split(', ') ?? [];
  const age = headers.get('age');
  return { status, incomplete: named.sort(), reasons: {}, ...(age === null ? {} : { age: Number(age) }) };
}

/** Headers and body must name the same. */
function agreeing(answer: Answer, body: unknown): Said {
  const said = headersOf(answer);
  const { incomplete = [] } = (body ?? {}) as { readonly incomplete?: readonly string[] };
  if (JSON.stringify([...incomplete].sort()) !== JSON.stringify(said.incomplete))
    throw new Error(`The headers name ${said.incomplete.join()}, the body ${incomplete.join()}.`);
  return said;
}
