import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Fault } from '#schema/errors.js';
import type { IdentifyPrincipal, Principal } from '../../access/principal.js';
import { goesOn } from '../pipeline.js';

/** One live connection, whatever it speaks. */
export interface LiveConnection {
  readonly socket: Socket;
  /** Undefined until it has said who it is. */
  readonly principal: Principal | undefined;
  /** What it said who it is with. */
  readonly authorization: string | undefined;
  /** The response that it is, if it is one. */
  readonly answer?: ServerResponse;
  /** Sends something that shows whether the client is still there; false when it is not. */
  beat(): boolean;
  /** Who it was let in for is not welcome any more. */
  revoked(): void;
  /** The gateway goes away: clients come back, to it or to another. */
  goAway(): void;
}

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerPrincipal: number;
}

/** Who is revoked is closed within 5 s. */
const lookEvery = 4000;
/** Every so many looks a sign of life: 16 s, and who gave none for as long is cut off. */
const beatEvery = 4;

/** All live connections of this process. */
export interface Connections {
  /** Throws RATE_LIMITED when there are too many, UNAVAILABLE when the gateway goes away. Answers how to forget it. */
  admit(connection: LiveConnection): () => void;
  /** Counts an admitted connection for whom it turned out to be; throws when that one has too many. */
  identified(principal: Principal): void;
  readonly size: number;
  stop(): void;
}

export function connections(limits: ConnectionLimits, identify: IdentifyPrincipal): Connections {
  const all = new Set<LiveConnection>();
  /** By principal. */
  const counts = new Map<string, number>();
  let looks = 0;
  let stopped = false;
  const timer = setInterval(() => {
    looks += 1;
    for (const connection of all) {
      if (!stillWelcome(identify, connection)) connection.revoked();
      else if (looks % beatEvery === 0 && !connection.beat()) connection.socket.destroy();
    }
  }, lookEvery);
  timer.unref();
  return {
    admit(connection) {
      // On a connection that was kept open it would hold up the end, and never hear of it.
      if (stopped) throw new Fault('UNAVAILABLE', 'The gateway goes away.', { retryAfter: 1 });
      if (all.size >= limits.connections) throw tooMany(`The gateway serves ${limits.connections} at once`);
      all.add(connection);
      if (connection.answer) goesOn(connection.answer);
      return () => {
        const { principal } = connection;
        if (!all.delete(connection)) return;
        if (!principal) return;
        const left = counts.get(principal.name)! - 1;
        if (left > 0) counts.set(principal.name, left);
        else counts.delete(principal.name);
      };
    },
    identified({ name }) {
      const own = (counts.get(name) ?? 0) + 1;
      counts.set(name, own);
      if (own > limits.connectionsPerPrincipal)
        throw tooMany(`One principal may have ${limits.connectionsPerPrincipal} at once`);
    },
    get size() {
      return all.size;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      for (const connection of all) connection.goAway();
    },
  };
}

/** Tokens end, and what a role may do changes: who may do something else now comes again. */
function stillWelcome(identify: IdentifyPrincipal, { principal, socket, authorization }: LiveConnection): boolean {
  if (!principal) return true;
  const now = identify(socket, authorization);
  return now !== undefined && now.name === principal.name && now.scope.key === principal.scope.key;
}

function tooMany(why: string): Fault {
  return new Fault('RATE_LIMITED', `There are too many live connections: ${why}.`, { retryAfter: 5 });
}
