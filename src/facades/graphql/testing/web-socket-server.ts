import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import type { IdentifyPrincipal } from '../../../access/principal.js';
import { admission, type AdmissionParts } from '../../admission.js';
import { connections, type Connections, type LiveConnection } from '../../live/connections.js';
import { liveDocuments } from '../live-documents.js';
import { graphqlOverWebSocket, type OverWebSocketParts } from '../over-websocket.js';

const schema = buildSchema(
  'type Query { text: String } type Mutation { text: String } type Subscription { changes: Int }',
);

/** What a test decides itself; the rest lets everybody in. */
export interface WebSocketServerSetup extends Pick<OverWebSocketParts, 'subscribe' | 'once'> {
  readonly clients: number;
  readonly messageBytes?: number;
  readonly load?: AdmissionParts['load'];
  readonly served?: AdmissionParts['served'];
  readonly chargeStranger?: AdmissionParts['chargeStranger'];
  readonly identify?: IdentifyPrincipal;
  /** Most that have not said yet who they are. */
  readonly unidentified?: number;
}

export interface WebSocketServerUnderTest {
  readonly http: Server;
  readonly url: string;
  readonly live: Connections;
  /** Asks all for a sign of life; false when one gave none. */
  beat(): boolean;
  close(): Promise<void>;
}

const idle = { maxInFlight: Infinity, loopDelay: () => 0, maxLoopDelay: Infinity };

const scope = { tenant: undefined, permissions: new Set<string>(), key: 'all' };
const everybody: IdentifyPrincipal = (_socket, name = 'alice') => ({ name, scope });

/** GraphQL over WebSocket on a port of its own, without an inventory behind it: everybody is who it says, or `alice`. */
export async function webSocketServer(setup: WebSocketServerSetup): Promise<WebSocketServerUnderTest> {
  const { clients, messageBytes = 10_000, load = idle, served = () => undefined, subscribe, once } = setup;
  const { identify = everybody, chargeStranger = () => 0, unidentified = clients } = setup;
  const live = connections(
    { connections: clients, connectionsPerPrincipal: clients, connectionsPerTenant: clients, unidentified },
    identify,
  );
  const admitted: LiveConnection[] = [];
  const admit = (connection: LiveConnection) => {
    admitted.push(connection);
    return live.admit(connection);
  };
  const upgrade = graphqlOverWebSocket({
    schema,
    documents: liveDocuments(schema, { introspection: true, depth: 5, aliases: 5, documentBytes: 1000 }),
    subscribe,
    connections: Object.assign(Object.create(live) as Connections, { admit }),
    admission: admission({
      identify,
      charge: () => 0,
      chargeStranger,
      load,
      inFlightPerPrincipal: Infinity,
      served,
    }),
    atLeast: { asked: (_text, at) => ({ at, position: { seq: 0, tag: 'a' } }), reached: () => undefined },
    limits: { backlog: () => 65_536, messageBytes, messagesPerSecond: 50, streamsPerConnection: 100 },
    once,
    unforeseen: (error) => {
      throw error;
    },
  });
  const http = createServer().on('upgrade', upgrade);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    http,
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    live,
    beat: () => admitted.every((each) => each.beat()),
    async close() {
      live.stop(2000);
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
