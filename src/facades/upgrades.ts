import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Fault } from '#schema/errors.js';
import { refuseOnSocket } from '../platform/protocol-faults.js';
import type { Cors } from './cors.js';
import type { Admission } from './admission.js';
import { Exchange } from './exchange.js';
import { foreignOriginOf, type Refuses } from './foreign-pages.js';
import type { Upgrade } from './graphql/over-websocket.js';
import { graphqlPath } from './graphql/path.js';
import { requestIds } from './request-id.js';
import { statusOf } from './rest/problem.js';

interface Parts {
  readonly publicUrl: string;
  readonly cors: Cors;
  readonly refuses: Refuses | undefined;
  readonly admission: Admission;
  readonly graphql: Upgrade;
}

/** The edge of connections that become something else: who may not come in is told so in HTTP. */
export function upgrades({ publicUrl, cors, refuses, admission, graphql: open }: Parts): Upgrade {
  const foreign = foreignOriginOf({ publicUrl, cors });
  const refusal = (request: IncomingMessage): Fault | undefined => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || !graphqlPath.test(request.url!))
      return new Fault('NOT_FOUND', 'Only /graphql speaks WebSocket.');
    // A page of another origin could use what this browser may reach.
    const fault = refuses?.(request) ?? foreign(request);
    if (fault) return fault;
    return admission.overload();
  };
  const nextId = requestIds();
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const fault = refusal(request);
    if (!fault) return open(request, socket, head);
    const status = statusOf[fault.code];
    admission.end(new Exchange(nextId(request.headers['x-request-id'])), { request, method: 'WS', status });
    refuseOnSocket(socket, { status, detail: fault.message });
  };
}
