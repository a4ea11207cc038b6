import type { RequestListener } from 'node:http';
import type { Configuration } from '#platform/config/model.js';
import type { Admission } from '#src/facades/admission.js';
import { edge } from '#src/facades/edge.js';
import { routesOf } from '#src/facades/rest/routes.js';
import { serveRest } from '#src/facades/rest/serve.js';
import type { View } from '#src/inventory/view.js';
import type { Gate } from '#src/operations/gate.js';
import { allOperations } from '#src/operations/operations.js';

interface Parts {
  readonly gate: Gate;
  readonly view: View;
  readonly admission: Admission;
  readonly limits: Pick<Configuration['limits'], 'bodyBytes' | 'urlBytes' | 'pageSize' | 'pageBytes'>;
  unforeseen(error: unknown): void;
}

/** O2 REST behind the edge, as in a gateway: what is read beside streams. */
export function restListener({ gate, view, admission, limits, unforeseen }: Parts): RequestListener {
  const { bodyBytes, urlBytes, pageSize, pageBytes } = limits;
  const rest = serveRest({
    gate,
    view,
    routes: routesOf(allOperations, () => true),
    bodyBytes,
    publicUrl: 'http://127.0.0.1',
    relativeVersions: false,
    strict: false,
    cacheBytes: 48 * 2 ** 20,
    pageSize,
    pageBytes,
    unforeseen,
  });
  return edge({
    admission,
    cors: { origins: [], credentials: false },
    urlBytes,
    open: () => false,
    serve(request, response, caller) {
      if (!rest(request, response, caller)) response.writeHead(404).end();
    },
  });
}
