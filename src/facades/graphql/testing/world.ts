import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { connectBackends, type Registry } from '#adapters/registry.js';
import { routing } from '#adapters/routing.js';
import { objectId } from '#adapters/kit/identity.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { definitionOf, type ObjectName } from '#schema/objects.js';
import { coverage as newCoverage } from '#subscriptions/coverage.js';
import { feed as newFeed } from '#subscriptions/feed.js';
import { watch } from '#subscriptions/watcher.js';
import type { Watching } from '#subscriptions/watching.js';
import { loadRoles, permissionsOf } from '../../../access/policy.js';
import { scopeOf, type Principal } from '../../../access/principal.js';
import { openView, type View } from '../../../inventory/view.js';
import { gate as newGate, type Caller } from '../../../operations/gate.js';
import { markers } from '../../../operations/markers.js';
import type { Operation } from '../../../operations/operation.js';
import { allOperations, allPermissions } from '../../../operations/operations.js';
import { writes } from '../../../operations/writes.js';
import type { CompilePolicy } from '../compiled-documents.js';
import { graphqlFacade, type GraphqlLimits } from '../facade.js';
import { indexOf, requestOf } from '../request.js';
import { poolBackend } from './pool-backend.js';
import { subscriptionsOf } from '../../../operations/testing/subscriptions.js';

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
    principal('second-reader', 'reader'),
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
  readonly compile?: CompilePolicy;
}

/** What the world did, for those who ask how it came to an answer. */
interface Seen {
  charges: number;
  /** Seconds that the next caller has to wait. */
  wait: number;
  /** What the loaders read: `<object> <id>`. */
  reads: string[];
  unforeseen: unknown[];
  /** `<operation> <code>` */
  outcomes: string[];
}

/** A gateway's inside with GraphQL in front of it, over HTTP: real store, log, view and gate. */
export async function openWorld(told: readonly Told[], options: Options = {}) {
  const seen: Seen = { charges: 0, wait: 0, reads: [], unforeseen: [], outcomes: [] };
  const inside = await openInside(told, options, seen);
  const facade = await graphqlFacade({
    gate: inside.gate,
    view: readsSeen(inside.view, seen),
    operations: options.operations ?? allOperations,
    limits: { ...limits, ...options.limits },
    bodyBytes: 1024 * 1024,
    compile: options.compile,
    callerOf,
    unforeseen: (error) => seen.unforeseen.push(error),
  });
  const app = express().disable('etag').disable('x-powered-by');
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
    coverage: inside.coverage,
    tell: inside.tell,
    sdl: facade.sdl,
    url,
    send,
    /** What live streams are made of, beside those who listen. */
    inside: { ...inside, schema: facade.schema, execute: facade.execute, hold: facade.hold, once: facade.once },
    principalNamed: (name: string) => principals.get(name),
    /** What the fields of one document share, for those who execute it themselves. */
    requestOf: (caller: string) => requestOf({ ...inside, operations: indexOf(allOperations) }, callerNamed(caller)),
    /** Posts a document. */
    ask(query: string, variables: Readonly<Record<string, unknown>> = {}, caller = 'admin') {
      const headers = { 'Content-Type': 'application/json', 'x-caller': caller };
      return send({ method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await facade.stop();
      await inside.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;

function callerOf({ headers }: IncomingMessage): Caller {
  return callerNamed((headers['x-caller'] as string | undefined) ?? 'admin');
}

function callerNamed(name: string): Caller {
  const { signal } = new AbortController();
  return { principal: principals.get(name)!, requestId: 'test', signal };
}

function readsSeen(view: View, seen: Seen): View {
  return {
    ...view,
    get(scope, object, id) {
      seen.reads.push(`${object} ${id}`);
      return view.get(scope, object, id);
    },
  };
}

async function openInside(told: readonly Told[], options: Options, seen: Seen) {
  const store = await openEmbeddedStore({ memory: true });
  const feed = newFeed(store);
  const coverage = newCoverage();
  const sync = (more: readonly Told[]) =>
    feed.sync({ instance: '$configuration', projection: 'p' }, { events: more.map(eventOf) });
  await sync(told);
  const view = await openView(store, (message, error) => seen.unforeseen.push(message, error));
  const registry = await openBackend(options.backend === true);
  const around = { feed, store, coverage, log: () => undefined };
  const watchers = new Map(
    registry.instances.map(({ key, connection }) => [
      key,
      watch({ source: { instance: key, projection: 'p' }, connection, oCloudId }, around),
    ]),
  );
  const watching: Pick<Watching, 'observe'> = {
    observe: (instance, ...given) => watchers.get(instance)!.observe(...given),
  };
  const gate = newGate({
    view,
    store,
    coverage,
    subscriptions: subscriptionsOf(store),
    writes: writes({ registry, routing: routing([]), oCloudId, watching }),
    markers: markers(Buffer.alloc(32, 7)),
    charge() {
      seen.charges += 1;
      return seen.wait;
    },
    pageSize: 100,
    deadline: 10_000,
    firstSyncTimeout: 60_000,
    count: ({ operation, code }) => seen.outcomes.push(`${operation} ${code}`),
    unforeseen: (error) => seen.unforeseen.push(error),
  });
  /** Tells of more; resolves once it is in the view. */
  async function tell(more: readonly Told[]): Promise<void> {
    await sync(more);
    await view.reached(await store.head());
  }
  async function close(): Promise<void> {
    for (const each of watchers.values()) await each.stop();
    await registry.close();
    view.stop();
    await store.close();
  }
  return { gate, view, store, coverage, tell, close };
}

function eventOf([object, value, tenant]: Told): ObjectEvent {
  const id = value[definitionOf(object).key] as string;
  return { type: 'upsert', object, id, identity: id, tenant: tenant ?? null, value };
}

function openBackend(wanted: boolean): Promise<Registry> {
  const instances = wanted ? [{ key: 'pools', type: 'pools', options: {}, deadline: 5000, concurrency: 4 }] : [];
  return connectBackends(instances, [poolBackend], ({ key }) => ({
    key,
    oCloudId,
    idOf: (object, identity) => objectId(oCloudId, key, object, identity),
    siteOf: () => ({ oCloudSiteId: '', globalLocationId: '' }),
    log: () => undefined,
  }));
}
