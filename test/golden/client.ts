import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { startGoldenGateway } from '#test/golden-gateway.js';
import type { Major } from './attributes.js';
import { spellings, type Spelling } from './routes.js';

export type Row = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Identifiers of live objects by the name of their path parameter; `resourcePoolId` is the largest pool. */
type Ids = Readonly<Record<string, string>>;

export interface Golden {
  /** What the gateway calls itself, without a slash at the end. */
  readonly apiRoot: string;
  readonly ids: Ids;
  /** One request, its target sent byte for byte as given. */
  send(target: string, ask?: Ask): Promise<Reply>;
  /** Every object of a list, page after page. */
  crawl(target: string): Promise<Row[]>;
  /** The target of a URI that the gateway made. */
  targetOf(uri: string): string;
  close(): Promise<void>;
}

/** The path before a route: `/o2ims-infrastructureInventory/v1`. */
export function base(major: Major, spelling: Spelling = spellings[0]): string {
  return `/${spelling}/${major}`;
}

/** Puts identifiers in the place of `{name}`. */
export function fill(template: string, ids: Ids): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => {
    const id = ids[key];
    if (id === undefined) throw new Error(`no live identifier for {${key}} in ${template}`);
    return encodeURIComponent(id);
  });
}

/** The members of a JSON object or array, as sent. */
export function json(reply: Reply): unknown {
  return JSON.parse(reply.text);
}

/** The objects of a 200 with a bare array. */
export function rowsOf(reply: Reply): Row[] {
  const body = reply.status === 200 ? json(reply) : undefined;
  if (!Array.isArray(body))
    throw new Error(`expected 200 with an array, got ${reply.status}: ${reply.text.slice(0, 300)}`);
  return body as Row[];
}

/** Every link of the Link header (RFC 8288) by its relation. */
export function linksOf(reply: Reply): ReadonlyMap<string, string> {
  const header = [reply.headers['link'] ?? []].flat().join(', ');
  const links = new Map<string, string>();
  for (const [, uri = '', parameters = ''] of header.matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /;\s*rel="?([^";,]*)"?/i.exec(parameters)?.[1] ?? '';
    for (const relation of relations.split(' ')) links.set(relation, uri);
  }
  return links;
}

type Send = Golden['send'];

function sender(url: string, agent: Agent): Send {
  const { hostname, port } = new URL(url);
  return (target, ask = {}) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers = {}, body } = ask;
      const options = { agent, hostname, port, path: target, method, headers: { ...headers } };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

function crawler(send: Send, targetOf: (uri: string) => string): Golden['crawl'] {
  return async (start) => {
    const seen = new Set<string>();
    const rows: Row[] = [];
    for (let target: string | undefined = start; target !== undefined;) {
      if (seen.has(target)) throw new Error(`the crawl of ${start} came back to ${target}`);
      seen.add(target);
      const page: Reply = await send(target);
      rows.push(...rowsOf(page));
      const next: string | undefined = linksOf(page).get('next');
      target = next === undefined ? undefined : targetOf(next);
    }
    return rows;
  };
}

function idOf(rows: readonly Row[], key: string, at = 0): string {
  const id = rows[at]?.[key];
  if (typeof id !== 'string') throw new Error(`the golden O-Cloud has no ${key} at position ${at}`);
  return id;
}

async function discover(crawl: Golden['crawl']): Promise<Ids> {
  const list = (path: string): Promise<Row[]> => crawl(base('v2') + path);
  const pools = await list('/resourcePools');
  const filled: { pool: Row; resources: Row[] }[] = [];
  for (const pool of pools) {
    filled.push({ pool, resources: await list(fill('/resourcePools/{resourcePoolId}/resources', pool as Ids)) });
  }
  filled.sort((a, b) => b.resources.length - a.resources.length);
  const ordered = filled.map((one) => one.pool);
  return {
    resourcePoolId: idOf(ordered, 'resourcePoolId'),
    otherPoolId: idOf(ordered, 'resourcePoolId', 1),
    resourceId: idOf(filled[0]?.resources ?? [], 'resourceId'),
    resourceTypeId: idOf(await list('/resourceTypes'), 'resourceTypeId'),
    deploymentManagerId: idOf(await list('/deploymentManagers'), 'deploymentManagerId'),
    globalLocationId: idOf(await list('/locations'), 'globalLocationId'),
    oCloudSiteId: idOf(await list('/oCloudSites'), 'oCloudSiteId'),
    unknown: '00000000-0000-4000-8000-000000000000',
  };
}

/** Starts a gateway over its simulated O-Cloud and learns the identifiers of one object of each type. */
export async function openGolden(): Promise<Golden> {
  const gateway = await startGoldenGateway();
  const agent = new Agent({ keepAlive: true });
  const apiRoot = gateway.apiRoot.replace(/\/$/, '');
  // A relative link is followed too: that it must be absolute is for the paging suite to say.
  const targetOf = (uri: string): string => {
    if (uri.startsWith('/')) return uri;
    if (uri.startsWith(`${apiRoot}/`)) return uri.slice(apiRoot.length);
    throw new Error(`${uri} does not begin with the apiRoot ${apiRoot}`);
  };
  const send = sender(gateway.url, agent);
  const crawl = crawler(send, targetOf);
  const close = async (): Promise<void> => {
    agent.destroy();
    await gateway.close();
  };
  try {
    return { apiRoot, ids: await discover(crawl), send, crawl, targetOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}
