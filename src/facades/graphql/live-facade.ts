import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation } from '../../operations/operation.js';
import type { Configuration } from '../../platform/config/model.js';
import type { Admission } from '../admission.js';
import type { AtLeast } from '../at-least.js';
import type { Connections } from '../live/connections.js';
import type { Join } from '../live/join-hub.js';
import type { Backlog } from '../live/outlet.js';
import type { Execute } from './execution.js';
import { subscribing } from './live.js';
import { liveDocuments, type Sent } from './live-documents.js';
import type { Hold } from './open-documents.js';
import { graphqlOverWebSocket, type Upgrade } from './over-websocket.js';
import { indexOf } from './request.js';

export interface LiveGraphqlParts {
  readonly schema: GraphQLSchema;
  readonly execute: Execute;
  readonly hold: Hold;
  readonly gate: Gate;
  readonly view: View;
  readonly operations: readonly Operation[];
  readonly join: Join;
  readonly connections: Connections;
  readonly backlog: Backlog;
  readonly admission: Admission;
  readonly atLeast: AtLeast;
  readonly limits: Configuration['limits'];
  /** Queries and mutations, as over HTTP. */
  once(sent: Sent, caller: Caller): Promise<ExecutionResult>;
  unforeseen(error: unknown, caller: Pick<Caller, 'requestId'>): void;
}

/** Subscriptions of GraphQL over WebSocket, at `/graphql`. */
export function liveGraphql(parts: LiveGraphqlParts): Upgrade {
  const { limits, backlog } = parts;
  const { live, graphql, bodyBytes } = limits;
  const { cost } = graphql;
  return graphqlOverWebSocket({
    ...parts,
    documents: liveDocuments(parts.schema, graphql),
    subscribe: subscribing({ ...parts, operations: indexOf(parts.operations), cost, longest: live.backlog }),
    limits: { ...live, backlog, messageBytes: bodyBytes },
  });
}
