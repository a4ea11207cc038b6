import { createHash } from 'node:crypto';
import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { objectId } from '#adapters/kit/identity.js';
import { connectBackends } from '#adapters/registry.js';
import { routing } from '#adapters/routing.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { ObjectName } from '#schema/objects.js';
import { loadRoles } from '#src/access/policy.js';
import { tokenPrincipals } from '#src/access/principal.js';
import { admission } from '#src/facades/admission.js';
import { edge } from '#src/facades/edge.js';
import { connections } from '#src/facades/live/connections.js';
import { joining } from '#src/facades/live/join-hub.js';
import type { FacadeParts } from '#src/facades/trpc/facade.js';
import type { LiveParts } from '#src/facades/trpc/watch.js';
import { openView } from '#src/inventory/view.js';
import { gate as newGate, type Caller } from '#src/operations/gate.js';
import { markers } from '#src/operations/markers.js';
import type { Operation } from '#src/operations/operation.js';
import { allOperations, allPermissions } from '#src/operations/operations.js';
import { writes } from '#src/operations/writes.js';
import { coverage as newCoverage, type Coverage } from '#subscriptions/coverage.js';
import { feed as newFeed } from '#subscriptions/feed.js';
import { openHub } from '#subscriptions/live/hub.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import type { Watching } from '#subscriptions/watching.js';
import { smallBackend } from './small-backend.js';
import { subscriptionsOf } from '#src/operations/testing/subscriptions.js';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

type Parts = FacadeParts & { readonly live: LiveParts };

/** A gateway over a small backend in memory: real store, feed, view, gate and edge, and the facades under test. */
export interface World {
  readonly url: string;
  readonly parts: Parts;
  readonly coverage: Coverage;
  /** What no facade foresaw. */
  readonly unforeseen: unknown[];
  idOf(object: ObjectName, identity: string): string;
  ask(path: string, ask?: Ask): Promise<Reply>;
  close(): Promise<void>;
}

const oCloudId = '3f6c1c0e-7a38-4d5c-8f6e-2a1b7c9d0e11';
const site = {
  oCloudSiteId: objectId(oCloudId, '$configuration', 'OCloudSite', 'default'),
  globalLocationId: 'default',
};
const instance = { key: 'small', type: 'small', options: {}, deadline: 5000, concurrency: 4 };

/** Tokens by name: `admin`, `reader`, `operator` (may not see credentials) `blue` and `red` (operators of those tenants), `nobody`. */
const tokens = (
  [
    ['admin', ['admin'], undefined],
    ['reader', ['reader'], undefined],
    ['operator', ['operator'], undefined],
    ['blue', ['operator'], 'blue'],
    ['red', ['operator'], 'red'],
    ['nobody', [], undefined],
  ] as const
).map(([name, roles, tenant]) => ({
  name,
  roles,
  sha256: createHash('sha256').update(name).digest('hex'),
  ...(tenant === undefined ? {} : { tenant }),
}));

export async function openWorld(
  mount: (parts: Parts) => Readonly<Record<string, RequestHandler>>,
  operations: readonly Operation[] = allOperations,
): Promise<World> {
  const house = await openHouse();
  const unforeseen: unknown[] = [];
  const callers = new WeakMap<IncomingMessage, Caller>();
  const identify = tokenPrincipals(tokens, loadRoles(allPermissions, {}));
  const limits = { connections: 100, connectionsPerPrincipal: 100, unidentified: 100 };
  const join = joining(house.hub, { streams: 100, streamsPerPrincipal: 100 });
  const parts: Parts = {
    live: { join, connections: connections(limits, identify), backlog: () => 1_000_000 },
    gate: house.gate,
    view: house.view,
    operations,
    callerOf: (request) => callers.get(request)!,
    bodyBytes: 16_384,
    unforeseen: (error) => void unforeseen.push(error),
  };
  const app = express();
  for (const [path, handler] of Object.entries(mount(parts))) app.use(path, handler);
  const front = edge({
    admission: admission({
      identify,
      charge: () => 0,
      chargeStranger: () => 0,
      load: { maxInFlight: 100, loopDelay: () => 0, maxLoopDelay: 1000 },
      inFlightPerPrincipal: 100,
      served() {},
    }),
    cors: { origins: [], credentials: false },
    urlBytes: 8192,
    open: () => false,
    serve(request, response, caller) {
      callers.set(request, caller);
      app(request, response);
    },
  });
  const server = createServer(front);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    parts,
    coverage: house.coverage,
    unforeseen,
    idOf: (object, identity) => objectId(oCloudId, instance.key, object, identity),
    ask: (path, ask) => asked(url, path, ask),
    async close() {
      parts.live.connections.stop(2000);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await house.close();
    },
  };
}

/** Everything behind the facades, once the backend has been read. */
async function openHouse() {
  const store = await openEmbeddedStore({ memory: true });
  const coverage = newCoverage();
  const view = await openView(store, (_message, error) => console.error(error));
  const idOf = (object: ObjectName, identity: string) => objectId(oCloudId, instance.key, object, identity);
  const registry = await connectBackends([instance], [smallBackend], () => ({
    key: instance.key,
    oCloudId,
    idOf,
    siteOf: () => site,
    log() {},
  }));
  const { connection } = registry.instances[0]!;
  coverage.expect(instance.key, Object.keys(connection.project) as ObjectName[], new Set());
  const around = { feed: newFeed(store), store, coverage, log() {} };
  const watcher: Watcher = watch({ source: { instance: instance.key, projection: '1' }, connection, oCloudId }, around);
  while (coverage.progress().some(({ synced, of }) => synced < of))
    await new Promise((resolve) => setImmediate(resolve));
  await view.reached(await store.head());
  const watching: Pick<Watching, 'observe'> = { observe: (_instance, ...given) => watcher.observe(...given) };
  const gate = newGate({
    view,
    coverage,
    store,
    subscriptions: subscriptionsOf(store),
    writes: writes({ registry, routing: routing([]), oCloudId, watching }),
    markers: markers(Buffer.alloc(32, 1)),
    charge: () => 0,
    pageSize: 100,
    deadline: 5000,
    firstSyncTimeout: 0,
    count() {},
    unforeseen() {},
  });
  const hub = await openHub({ store, reached: (position) => view.reached(position), failed: console.error });
  const close = async () => {
    hub.stop();
    await watcher.stop();
    view.stop();
    await store.close();
  };
  return { gate, view, hub, coverage, close };
}

function asked(
  url: string,
  path: string,
  { method = 'GET', token = 'admin', headers = {}, body }: Ask = {},
): Promise<Reply> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = send(
      { hostname, port, path, method, headers: { ...type, Authorization: `Bearer ${token}`, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}
