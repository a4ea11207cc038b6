import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';
import type { ObjectName } from '#schema/objects.js';
import { openHub, type Hub } from '#subscriptions/live/hub.js';
import type { IdentifyPrincipal } from '../../../access/principal.js';
import { allOperations } from '../../../operations/operations.js';
import { admission } from '../../admission.js';
import { atLeast } from '../../at-least.js';
import { connections } from '../../live/connections.js';
import { joining } from '../../live/join-hub.js';
import type { Execute } from '../execution.js';
import { liveGraphql, type LiveGraphqlParts } from '../live-facade.js';
import type { Upgrade } from '../over-websocket.js';
import type { GraphqlRequest } from '../request.js';
import { openWorld, type Options, type Told, type World } from './world.js';

const bounds = {
  limits: {
    bodyBytes: 1_000_000,
    live: { backlog: 1_000_000, messagesPerSecond: 1000, streamsPerConnection: 100 },
    graphql: { depth: 10, cost: 5000, aliases: 30, documentBytes: 65_536 },
  } as unknown as LiveGraphqlParts['limits'],
  backlog: () => 1_000_000,
};

/** What a stream says, under the id that it was begun with. */
export type Said = Readonly<Record<string, unknown>>;

export interface Listener {
  readonly socket: WebSocket;
  subscribe(id: string, query: string, more?: { variables?: object; operationName?: string }): Promise<void>;
  /** Payloads under an id, in order. */
  of(id: string): readonly Said[];
}

export interface LiveWorld {
  readonly world: World;
  readonly hub: Hub;
  /** How often a document was executed and its result made a text. */
  readonly count: { executed: number; serialised: number };
  /** Thrown by the fields of what is executed, when there is one. */
  readonly broken: { by?: Error };
  /** Of the connections that were taken, the first first. */
  readonly sockets: readonly Socket[];
  /** One connection of a caller. */
  listen(as?: string): Promise<Listener>;
  close(): Promise<void>;
}

/** A gateway's inside with GraphQL over WebSocket in front of it, whose log a test writes: real store, feed, hub, view and gate. */
export async function openLiveWorld(told: readonly Told[], options?: Options): Promise<LiveWorld> {
  const world = await openWorld(told, options);
  const { inside, seen } = world;
  const hub = await hubOf(world);
  const count = { executed: 0, serialised: 0 };
  const broken: LiveWorld['broken'] = {};
  const identify: IdentifyPrincipal = (_socket, said = '') => world.principalNamed(said);
  const live = connections({ connections: 100, connectionsPerPrincipal: 100, unidentified: 100 }, identify);
  const upgrade = liveGraphql({
    ...inside,
    execute: counting(breaking(inside.execute, broken), count),
    operations: allOperations,
    join: joining(hub, { streams: 100, streamsPerPrincipal: 100 }),
    connections: live,
    admission: admission({
      identify,
      charge: () => 0,
      chargeStranger: () => 0,
      load: { maxInFlight: 1000, loopDelay: () => 0, maxLoopDelay: 1000 },
      inFlightPerPrincipal: 1000,
      served() {},
    }),
    atLeast: atLeast({ view: inside.view, deadline: 30_000, leaving: new AbortController().signal }),
    ...bounds,
    unforeseen: (error, { requestId }) => seen.unforeseen.push(error, requestId),
  });
  const { server, sockets, url } = await serving(upgrade);
  const clients: WebSocket[] = [];
  return {
    world,
    hub,
    count,
    broken,
    sockets,
    async listen(as = 'admin') {
      const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { Authorization: as } });
      clients.push(socket);
      return listening(socket);
    },
    async close() {
      for (const client of clients) client.terminate();
      live.stop(2000);
      await new Promise((resolve) => server.close(resolve));
      hub.stop();
      await world.close();
    },
  };
}

function hubOf({ inside: { store, view }, seen }: World): Promise<Hub> {
  return openHub({
    store,
    reached: (position) => view.reached(position),
    failed: (message, error) => seen.unforeseen.push(message, error),
  });
}

async function serving(upgrade: Upgrade) {
  const server = createServer().on('upgrade', upgrade);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, sockets, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` };
}

async function listening(socket: WebSocket): Promise<Listener> {
  const heard: Said[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Said));
  const say = (message: object) => socket.send(JSON.stringify(message));
  // What was said before has been heard when this is answered.
  const settled = async () => {
    const before = pongs();
    say({ type: 'ping' });
    while (pongs() === before) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const pongs = () => heard.filter(({ type }) => type === 'pong').length;
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  say({ type: 'connection_init' });
  await settled();
  return {
    socket,
    async subscribe(id, query, more = {}) {
      say({ id, type: 'subscribe', payload: { query, ...more } });
      await settled();
    },
    of: (id) => heard.filter((each) => each['id'] === id).map(({ payload }) => payload as Said),
  };
}

function breaking(execute: Execute, broken: LiveWorld['broken']): Execute {
  return (execution) => {
    const context = execution.context as GraphqlRequest;
    const permit = (object: ObjectName): void => {
      if (broken.by) throw broken.by;
      context.permit(object);
    };
    return execute({ ...execution, context: { ...context, permit } });
  };
}

function counting(execute: Execute, count: LiveWorld['count']): Execute {
  return async (execution) => {
    count.executed += 1;
    const result = await execute(execution);
    const toJSON = (): ExecutionResult => {
      count.serialised += 1;
      return result;
    };
    return Object.defineProperty({ ...result }, 'toJSON', { value: toJSON });
  };
}
