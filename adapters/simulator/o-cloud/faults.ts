import type { Server, ServerResponse } from 'node:http';
import type { Kind } from './api.js';

/**
 * How an O-Cloud can be broken. `hang`: connections stay open, nothing is answered. `status`: every answer has it. `garbage`:
 * 200 and no JSON. `flap`: every second request cuts all connections. `forbid`: one kind cannot be listed (403).
 */
export type OCloudFault =
  | { readonly hang: true }
  | { readonly status: number }
  | { readonly garbage: true }
  | { readonly flap: true }
  | { readonly forbid: Kind };

export interface FaultSwitch {
  /** Undefined heals. Answers under way are cut, except for `hang`, which leaves them open. */
  set(fault: OCloudFault | undefined): void;
  readonly hung: boolean;
  /** True when the fault took the request: nobody else may answer it. */
  strikes(path: string, response: ServerResponse): boolean;
}

export function createFaultSwitch(server: Server): FaultSwitch {
  let fault: OCloudFault | undefined;
  let flaps = 0;
  const underWay = new Set<ServerResponse>();
  server.prependListener('request', (_, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  return {
    get hung() {
      return fault !== undefined && 'hang' in fault;
    },
    set: (next) => {
      fault = next;
      if (!next || !('hang' in next)) for (const response of underWay) response.destroy();
    },
    strikes: (path, response) => {
      if (!fault || 'hang' in fault) return fault !== undefined;
      if ('flap' in fault) {
        if (flaps++ % 2 === 1) return false;
        server.closeAllConnections();
      } else if ('forbid' in fault) {
        if (path !== `/v1/${fault.forbid}`) return false;
        response
          .writeHead(403, { 'content-type': 'application/json' })
          .end('{"error":{"code":"forbidden","message":"No access."}}');
      } else if ('status' in fault) {
        response
          .writeHead(fault.status, { 'content-type': 'application/json' })
          .end('{"error":{"code":"broken","message":"As asked for."}}');
      } else {
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<html><body>Service is being upgraded</body></html>\n');
      }
      return true;
    },
  };
}
