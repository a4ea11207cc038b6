import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredObject, Value } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import { systemClock, type Clock } from '#platform/clock.js';
import { createLogger } from '#platform/logger.js';
import { sealer } from '#platform/sealed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { startDeliverer, type Deliverer, type DelivererOptions } from '../delivery/deliverer.js';
import type { Deliveries, Subscriber } from '../delivery/deliveries.js';
import { deliveries } from '../delivery/desk.js';
import type { Matching } from '../delivery/matching.js';
import type { Posted, Posting, Subscribers, Surroundings } from '../delivery/surroundings.js';
import { owned, type Owned } from '../owned.js';

/** Whatever is not a subscription is told; a filter is the beginning of an object's id. */
export const matching: Matching = {
  event: (change) =>
    change.change === 'restated' || change.baseline || change.object === 'InventorySubscription'
      ? undefined
      : { change, ...(change.after && { after: change.after.value }) },
  compile: ({ value }) => ({
    matches: ({ change }) => change.id.startsWith((value['filter'] as string | undefined) ?? ''),
  }),
  index() {
    const all = new Map<string, { matches(event: Parameters<Matching['mayRead']>[1]): boolean }>();
    return {
      add: ({ id }, compiled) => void all.set(id, compiled),
      remove: (id) => void all.delete(id),
      match: (event, unasked) =>
        [...all].flatMap(([id, compiled]) => {
          try {
            return compiled.matches(event) ? [id] : [];
          } catch (error) {
            unasked(id, { error });
            return [];
          }
        }),
    };
  },
  mayRead: ({ tenant }, { change }) => change.tenant === null || change.tenant === tenant,
  notification: ({ id }, { change }) => ({
    id: createHash('sha256').update(`${id} ${change.position.seq}.${change.position.tag}`).digest('hex').slice(0, 32),
    body: JSON.stringify({ object: change.id, n: change.after?.value['n'] ?? -1 }),
  }),
  headers: () => ({}),
  test: () => ({ id: randomUUID(), body: JSON.stringify({ object: 'test', n: 0 }) }),
};

function post(agent: Agent, { url, headers, body, credentials, signal }: Posting): Promise<Posted> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ error: error.message });
    const length = { 'Content-Length': Buffer.byteLength(body) };
    const shown = credentials?.bearer === undefined ? {} : { Authorization: `Bearer ${credentials.bearer}` };
    const sent = { ...headers, ...length, ...shown };
    const asked = request(url, { agent, method: 'POST', headers: sent, signal }, (response) => {
      const after = Number(response.headers['retry-after'] ?? NaN);
      response.resume().on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode!, ...(Number.isNaN(after) ? {} : { retryAfter: after * 1000 }) }),
      );
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** Subscriptions as a view would hold them. */
function followed(store: Store): Subscribers & { readonly caughtUp: () => Promise<void>; stop(): void } {
  const rows = new Map<string, StoredObject>();
  let position = origin;
  let reading: Promise<void> = Promise.resolve();
  const read = async (): Promise<void> => {
    const found = await store.read(position, 100_000);
    if (found.outcome !== 'read') {
      position = await store.head();
      return;
    }
    for (const change of found.changes) {
      position = change.position;
      if (change.object !== 'InventorySubscription') continue;
      if (change.after) rows.set(change.id, change.after);
      else rows.delete(change.id);
    }
    if (found.more) await read();
  };
  const caughtUp = () => (reading = reading.then(read, read));
  const stop = store.onAppend(() => void caughtUp());
  const reached = async ({ seq }: Position): Promise<void> => {
    // After a failover the place may be still to come: whoever brings it needs the loop.
    for (; position.seq < seq; await nextTurn()) await caughtUp();
  };
  return { get: (id) => rows.get(id), all: () => rows.values(), position: () => position, reached, caughtUp, stop };
}

export interface World {
  readonly store: Store;
  readonly subscribers: Subscribers;
  readonly owned: Owned;
  readonly deliveries: Deliveries;
  readonly counts: { delivered: number; failed: number; dead: number; dropped: number };
  /** Each message, and what is told of its error. */
  readonly logged: string[];
  subscribe(callback: string, value?: Value, tenant?: string): Promise<string>;
  row(id: string): Promise<StoredObject>;
  subscriber(id: string): Subscriber;
  /** Rewrites attributes of a row, as its consumer would. */
  rewrite(id: string, patch: Value): Promise<void>;
  remove(id: string): Promise<void>;
  /** Appends changes of these objects, numbered on. */
  change(...objects: readonly string[]): Promise<void>;
  deliverer(options?: Partial<DelivererOptions>): Promise<Deliverer>;
  close(): Promise<void>;
}

/** Pauses short enough to be waited for. */
export const quick = { pauses: [20, 40, 80], jitter: 0.2 };

interface House {
  readonly store: Store;
  readonly view: ReturnType<typeof followed>;
  readonly around: Surroundings;
  readonly counts: World['counts'];
}

export async function world(options: { readonly clock?: Clock; readonly store?: Store } = {}): Promise<World> {
  const store = options.store ?? (await openEmbeddedStore({ memory: true }));
  const view = followed(store);
  const agent = new Agent({ keepAlive: true });
  const logged: string[] = [];
  const logger = createLogger({ mode: 'production', destination: { write: (line) => void logged.push(said(line)) } });
  const around: Surroundings = {
    store,
    owned: owned(store),
    clock: options.clock ?? systemClock,
    subscribers: view,
    matching,
    post: (posting) => post(agent, posting),
    sealer: sealer(randomBytes(32)),
    log: (level, message, fields) => logger[level](fields, message),
    userAgent: 'netweave/test',
  };
  const house: House = { store, view, around, counts: { delivered: 0, failed: 0, dead: 0, dropped: 0 } };
  const running: Deliverer[] = [];
  return {
    ...house,
    subscribers: view,
    owned: around.owned,
    deliveries: deliveries(around),
    logged,
    subscriber: (id) => view.get(id)!,
    ...consumers(house),
    change: changer(store),
    async deliverer(more = {}) {
      const started = await startDeliverer(optionsOf(house, more));
      running.push(started);
      return started;
    },
    async close() {
      for (const each of running) each.abandon();
      view.stop();
      agent.destroy();
      await store.close();
    },
  };
}

function optionsOf({ around, counts }: House, more: Partial<DelivererOptions>): DelivererOptions {
  const metrics = {
    delivered: () => void (counts.delivered += 1),
    failed: () => void (counts.failed += 1),
    dead: () => void (counts.dead += 1),
    dropped: () => void (counts.dropped += 1),
  };
  const day = 24 * 3_600_000;
  return { ...around, name: randomUUID(), metrics, logKeeps: day, policy: quick, look: 20, ...more };
}

function said(line: string): string {
  const { msg, err } = JSON.parse(line) as { readonly msg: string; readonly err?: { readonly stack?: string } };
  return err ? `${msg} ${String(err.stack?.split('\n', 1)[0])}` : msg;
}

/** What consumers do with their subscriptions. */
function consumers({ store, view, around }: House): Pick<World, 'subscribe' | 'row' | 'rewrite' | 'remove'> {
  const { owned: own } = around;
  const desk = deliveries(around);
  const row = async (id: string) => (await store.objects([{ object: 'InventorySubscription', id }]))[0]!;
  return {
    row,
    async subscribe(callback, more = {}, tenant = 'a') {
      const id = randomUUID();
      const value = { subscriptionId: id, callback, state: 'active', ordering: 'strict', apiMajor: 'v2', ...more };
      await desk.begin(id, undefined);
      await own.create({ object: 'InventorySubscription', id, tenant, value });
      await view.caughtUp();
      return id;
    },
    async rewrite(id, patch) {
      for (let written; !written;) {
        const standing = await row(id);
        written = await own.change(standing, { ...standing.value, ...patch });
      }
      await view.caughtUp();
    },
    async remove(id) {
      const forget = await desk.ending(id);
      await own.remove(await row(id));
      await forget();
      await view.caughtUp();
    },
  };
}

function changer(store: Store): World['change'] {
  let n = 0;
  return async (...objects) => {
    const entries = objects.map((id) => entryOf(id, (n += 1)));
    for (let from = 0; from < entries.length; from += 500)
      await store.append({ entries: entries.slice(from, from + 500) });
  };
}

/** A change of an object. */
export function entryOf(id: string, n: number): Entry {
  const place = { object: 'ResourceType', id, tenant: 'a', instance: 'east' };
  const after = { ...place, identity: id, value: { resourceTypeId: id, n }, projection: 'p' };
  return { ...place, change: 'modified', baseline: false, after, marks: [] };
}

/** Waits for something to become true. */
export async function until(what: () => boolean | Promise<boolean>, longest = 10_000): Promise<void> {
  const end = performance.now() + longest;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`It did not happen in ${longest} ms: ${what.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
