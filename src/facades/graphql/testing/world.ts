import type { AddressInfo } from 'node:net';
import express from 'express';
import { connectBackends } from '#adapters/registry.js';
import { routing } from '#adapters/routing.js';
import { objectId } from '#adapters/kit/identity.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { definitionOf, type ObjectName } from '#schema/objects.js';
import { coverage } from '#subscriptions/coverage.js';
import { feed } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import { loadRoles, permissionsOf } from '../../../access/policy.js';
import { scopeOf, type Principal } from '../../../access/principal.js';
import { openView } from '../../../inventory/view.js';
import { gate, type Caller } from '../../../operations/gate.js';
import { markers } from '../../../operations/markers.js';
import type { Operation } from '../../../operations/operation.js';
import { allOperations, allPermissions } from '../../../operations/operations.js';
import { writes } from '../../../operations/writes.js';
import { graphqlFacade, type GraphqlLimits } from '../facade.js';
import { poolBackend } from './pool-backend.js';

const oCloudId = '00000000-0000-4000-8000-000000000000';
const limits: GraphqlLimits = { depth: 10, cost: 5000, aliases: 30, documentBytes: 65_536, introspection: true };
const roles = loadRoles(allPermissions, {
  poolReader: ['resourcePools:read', 'oCloudSites:read'],
});

function principal(name: string, role: string, tenant?: string): Principal {
  return { name, scope: scopeOf(tenant, permissionsOf([role], roles)) };
}

/** Who may ask; named by the header `x-caller`. */
const principals = new Map(
  [
    principal('admin', 'admin'),
    principal('reader', 'reader'),
    principal('deployer', 'deployer'),
    principal('pool-reader', 'poolReader'),
    principal('tenant-a', 'operator', 'a'),
    principal('tenant-b', 'reader', 'b'),
  ].map((each) => [each.name, each]),
);

/** An object as the world is told of it. */
export type Told = readonly [object: ObjectName, value: Readonly<Record<string, unknown>>, tenant?: string];

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly {
      readonly message: string;
      readonly path?: readonly (string | number)[];
      readonly extensions: Readonly<Record<string, unknown>>;
    }[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  };
}

export interface Options {
  readonly limits?: Partial<GraphqlLimits>;
  readonly operations?: readonly Operation[];
  /** With `poolBackend` as the instance `pools`; otherwise there is no backend. */
  readonly backend?: boolean;
}

/** A gateway's inside with GraphQL in front of it, over HTTP: real store, log, view and gate. */
export async function openWorld(told: readonly Told[], options: Options = {}) {
  const store = await openEmbeddedStore({ memory: true });
  const written = feed(store);
  const cover = coverage();
  const source = { instance: '$configuration', projection: 'p', baseline: false };
  const events = told.map(([object, value, tenant]): ObjectEvent => {
    const id = value[definitionOf(object).key] as string;
    return { type: 'upsert', object, id, identity: id, tenant: tenant ?? null, value };
  });
  await written.sync(source, { events });
  const view = await openView(store, (message, error) => {
    throw new Error(message, { cause: error });
  });
  const instances = options.backend
    ? [{ key: 'pools', type: 'pools', options: {}, deadline: 5000, concurrency: 4 }]
    : [];
  const registry = await connectBackends(instances, [poolBackend], ({ key }) => ({
    key,
    oCloudId,
    idOf: (object, identity) => objectId(oCloudId, key, object, identity),
    siteOf: () => ({ oCloudSiteId: '', globalLocationId: '' }),
    log: () => undefined,
  }));
  const watchers = new Map<string, Watcher>();
  for (const { key, connection } of registry.instances) {
    const around = { feed: written, store, coverage: cover, log: () => undefined };
    watchers.set(
      key,
      watch({ source: { instance: key, projection: 'p', baseline: false }, connection, oCloudId }, around),
    );
  }
  const seen = { charges: 0, wait: 0, reads: [] as string[], unforeseen: [] as unknown[], outcomes: [] as string[] };
  const doors = gate({
    view,
    store,
    coverage: cover,
    writes: writes({ registry, routing: routing([]), oCloudId, watcher: (instance) => watchers.get(instance)! }),
    markers: markers(Buffer.alloc(32, 7)),
    charge: () => {
      seen.charges += 1;
      return seen.wait;
    },
    pageSize: 100,
    deadline: 10_000,
    firstSyncTimeout: 60_000,
    count: ({ operation, code }) => seen.outcomes.push(`${operation} ${code}`),
    unforeseen: (error) => seen.unforeseen.push(error),
  });
  const facade = await graphqlFacade({
    gate: doors,
    // The loaders read through this one.
    view: {
      ...view,
      get(scope, object, id) {
        seen.reads.push(`${object} ${id}`);
        return view.get(scope, object, id);
      },
    },
    operations: options.operations ?? allOperations,
    limits: { ...limits, ...options.limits },
    bodyBytes: 1024 * 1024,
    callerOf: (request): Caller => ({
      principal: principals.get((request.headers['x-caller'] as string | undefined) ?? 'admin')!,
      requestId: 'test',
      signal: new AbortController().signal,
    }),
    unforeseen: (error) => seen.unforeseen.push(error),
  });
  const app = express();
  app.use('/graphql', facade.handler);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;

  async function send(init: RequestInit, search = ''): Promise<Answered> {
    const response = await fetch(`${url}${search}`, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answered['body'] };
  }
  return {
    seen,
    coverage: cover,
    url,
    send,
    /** Posts a document. */
    ask: (query: string, variables: Readonly<Record<string, unknown>> = {}, caller = 'admin') =>
      send({
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'x-caller': caller },
        body: JSON.stringify({ query, variables }),
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await facade.stop();
      for (const watcher of watchers.values()) await watcher.stop();
      await registry.close();
      view.stop();
      await store.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
