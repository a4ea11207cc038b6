import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Limits } from '#platform/config/limits.js';
import type { Configuration } from '#platform/config/model.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { coverage } from '#subscriptions/coverage.js';
import { openHub, type Hub } from '#subscriptions/live/hub.js';
import { scopeOf, type IdentifyPrincipal } from '#src/access/principal.js';
import { admission, type Admission } from '#src/facades/admission.js';
import { atLeast } from '#src/facades/at-least.js';
import { graphqlFacade } from '#src/facades/graphql/facade.js';
import { liveGraphql } from '#src/facades/graphql/live-facade.js';
import { connections } from '#src/facades/live/connections.js';
import { joining } from '#src/facades/live/join-hub.js';
import { backlogOf } from '#src/facades/live/outlet.js';
import { openView, type View } from '#src/inventory/view.js';
import { gate as newGate, type Gate, type GateParts } from '#src/operations/gate.js';
import { markers } from '#src/operations/markers.js';
import { allOperations, allPermissions } from '#src/operations/operations.js';
import { resource } from '../view.js';
import { restListener } from './rest.js';

/** A store, the view, the hub and GraphQL over WebSocket: everything between an append and the network. */
export interface LiveWorld {
  readonly port: number;
  readonly store: Store;
  readonly view: View;
  readonly hub: Hub;
  /** Appends changes of so many servers, in one batch; `n` counts them on. */
  change(count: number): Promise<void>;
  close(): Promise<void>;
}

/** What clients ask to be told, and a document that asks for it of every change. */
export const told = 'change id object { resourceId description } changed position at';
export const document = `subscription { resourceChanged { ${told} } }`;

/** Objects that change. */
export const servers = 1000;

function entry(n: number): Entry {
  const id = serverId(n % servers);
  const value = {
    ...resource(n % servers, 6),
    resourceId: id,
    extensions: { sent: performance.timeOrigin + performance.now() },
  };
  const place = { object: 'Resource', id, tenant: null, instance: 'bench' };
  const after = { ...place, identity: id, value, projection: 'bench' };
  return { ...place, change: 'modified', baseline: false, after, reversePatch: { description: 'before' }, marks: [] };
}

/** Where a server is read over REST. */
export function resourcePath(n: number): string {
  const pool = resource(n, 0)['resourcePoolId'] as string;
  return `/o2ims-infrastructureInventory/v2/resourcePools/${pool}/resources/${serverId(n)}`;
}

export function serverId(n: number): string {
  return `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`;
}

const unforeseen = (error: unknown) => console.error(error);

function admittingAll(identify: IdentifyPrincipal): Admission {
  return admission({
    identify,
    charge: () => 0,
    chargeStranger: () => 0,
    load: { maxInFlight: Infinity, loopDelay: () => 0, maxLoopDelay: Infinity },
    inFlightPerPrincipal: Infinity,
    served() {},
  });
}

/** Neither streams nor reads ask for what writes need. */
function readingGate(view: View, { deadline, pageSize }: Configuration['limits']): Gate {
  const parts: Omit<GateParts, 'writes' | 'subscriptions' | 'store'> = {
    view,
    markers: markers(randomBytes(32)),
    coverage: coverage(),
    charge: () => 0,
    pageSize,
    deadline,
    firstSyncTimeout: 0,
    count: () => undefined,
    unforeseen,
  };
  return newGate(parts as GateParts);
}

/**
 * Follows a store, one in memory when none is given, and closes it with itself. Changes are appended through the same, or
 * through another connection to the same log: as if another gateway watched.
 */
export async function openLiveWorld(followed?: Store, appending = followed): Promise<LiveWorld> {
  const store = followed ?? (await openEmbeddedStore({ memory: true }));
  const log = appending ?? store;
  const failed = (message: string, error: unknown) => console.error(message, error);
  const view = await openView(store, failed);
  const hub = await openHub({ store, reached: (position) => view.reached(position), failed });
  const principal = { name: 'bench', scope: scopeOf(undefined, allPermissions) };
  const limits = Limits.parse({
    live: { connectionsPerPrincipal: 8000, streamsPerPrincipal: 10_000, unidentified: 1000 },
  });
  const gate = readingGate(view, limits);
  const around = { gate, view, operations: allOperations, unforeseen };
  const callerOf = () => ({ principal, requestId: 'bench', signal: new AbortController().signal });
  const { bodyBytes } = limits;
  const graphql = await graphqlFacade({ ...around, limits: limits.graphql, bodyBytes, callerOf });
  const identify = () => principal;
  const live = connections(limits.live, identify);
  const join = joining(hub, limits.live);
  const admits = { admission: admittingAll(identify), limits };
  const server = createServer(restListener({ ...around, ...admits }));
  const reaching = atLeast({ view, deadline: limits.deadline, leaving: new AbortController().signal });
  const backlog = backlogOf(limits.live, () => live.size);
  const parts = { ...around, ...graphql, ...admits, join, connections: live, backlog, atLeast: reaching };
  server.on('upgrade', liveGraphql(parts));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let n = 0;
  return {
    port: (server.address() as AddressInfo).port,
    store,
    view,
    hub,
    async change(count) {
      const appended = await log.append({ entries: Array.from({ length: count }, () => entry((n += 1))) });
      if (appended.outcome !== 'appended') throw new Error(appended.outcome);
    },
    async close() {
      live.stop(2000);
      hub.stop();
      view.stop();
      server.closeAllConnections();
      server.close();
      await graphql.stop();
      await store.close();
    },
  };
}
