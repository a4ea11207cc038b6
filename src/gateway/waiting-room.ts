import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveHealth, type Health } from '../facades/health.js';
import { withRequestIds } from '../facades/request-id.js';
import { sendProblem } from '../facades/rest/problem.js';

const mostWaiting = 512;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that came before anything stood behind the front. */
export interface WaitingRoom {
  readonly handle: Handle;
  /** Hands everybody on. */
  open(to: Handle): void;
  /** Sends everybody away. */
  close(): void;
}

/**
 * Lets requests wait until the gateway has started, for so many milliseconds, then answers 503: what balances connections and
 * knows nothing of HTTP sends them here as soon as the port is open, though other gateways would have answered. Who asks for
 * health is answered at once.
 */
export function waitingRoom(patienceMs: number, health: Health | undefined): WaitingRoom {
  const waiting = new Map<ServerResponse, { readonly request: IncomingMessage; readonly timer: NodeJS.Timeout }>();
  const leave = (response: ServerResponse) => {
    clearTimeout(waiting.get(response)?.timer);
    return waiting.delete(response);
  };
  const told = withRequestIds((request, response) => {
    if (!health || !serveHealth(health, request, response)) sendStarting(response);
  });
  return {
    handle(request, response) {
      if (asksForHealth(request)) return told(request, response);
      if (waiting.size >= mostWaiting) return refuse(request, response);
      const timer = setTimeout(() => leave(response) && refuse(request, response), patienceMs);
      waiting.set(response, { request, timer });
      response.once('close', () => leave(response));
    },
    open(to) {
      for (const [response, { request }] of waiting) if (leave(response)) to(request, response);
    },
    close() {
      for (const [response, { request }] of waiting) if (leave(response)) refuse(request, response);
    },
  };
}

const asksForHealth = ({ url }: IncomingMessage) => /^\/(livez|readyz|metrics)(\?|$)/.test(url!);

const refuse = withRequestIds((request, response) => {
  // An EventSource gives up at any status but 200, and comes back by itself when it is cut off.
  if (request.headers.accept === 'text/event-stream') return void request.socket.destroy();
  sendStarting(response);
});

function sendStarting(response: ServerResponse): void {
  sendProblem(response, { status: 503, detail: 'The gateway is starting.', headers: { 'Retry-After': '1' } });
}
