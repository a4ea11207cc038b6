import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Fault } from '#schema/errors.js';
import { samePrincipal, type IdentifyPrincipal, type Principal } from '../../access/principal.js';
import { Places, sharesOf, type Bounds } from '../../platform/shares.js';
import { Turns } from '../../platform/turns.js';
import { goesOn } from '../pipeline.js';
import { Unidentified } from './unidentified.js';

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
  /** The gateway goes away, and cuts off within so many milliseconds: clients come back, to it or to another. */
  goAway(withinMs: number): void;
}

export interface ConnectionLimits {
  readonly connections: number;
  /** A quarter of all when absent. */
  readonly connectionsPerPrincipal?: number | undefined;
  /** Of all principals of a tenant; half of all when absent. */
  readonly connectionsPerTenant?: number | undefined;
  readonly unidentified: number;
}

/** Who is revoked is closed within 5 s: two until somebody looks, two to say goodbye. */
const lookEvery = 2000;
/** Every so many looks a sign of life: 16 s, and who gave none for as long is cut off. */
const beatEvery = 8;

/** All live connections of this process. */
export interface Connections {
  /**
   * Takes a connection in, whether or not it has said who it is; answers how to forget it. Throws RATE_LIMITED when there are too
   * many, in all or of its principal or tenant, UNAVAILABLE when the gateway goes away.
   */
  admit(connection: LiveConnection): () => void;
  /** Counts it for whom it turned out to be, whether or not it was somebody before; throws RATE_LIMITED, and has forgotten it, when there are too many. */
  identified(connection: LiveConnection): void;
  readonly size: number;
  /** Sends all away, who have so many milliseconds to take what is under way for them. */
  stop(withinMs: number): void;
}

export function connections(limits: ConnectionLimits, identify: IdentifyPrincipal): Connections {
  /** With whose place it takes up. */
  const all = new Map<LiveConnection, Principal | undefined>();
  /** They take up no place of those that have said who they are. */
  const unidentified = new Unidentified<LiveConnection>(limits.unidentified);
  const places = placesOf(limits);
  let stopped = false;
  const timer = everyLook(all, (connection, beats) => {
    if (stopped || !all.has(connection)) return;
    if (!stillWelcome(identify, connection)) connection.revoked();
    else if (beats && !connection.beat()) connection.socket.destroy();
  });

  function forget(connection: LiveConnection): void {
    const principal = all.get(connection);
    if (principal) places.leave(principal);
    else unidentified.delete(connection);
    all.delete(connection);
  }

  return {
    admit(connection) {
      // On a connection that was kept open it would hold up the end, and never hear of it.
      if (stopped) throw goesAway();
      const { principal, answer } = connection;
      if (principal) places.take(principal, tooMany);
      else {
        const out = unidentified.add(connection);
        if (out) {
          all.delete(out);
          out.socket.destroy();
        }
      }
      all.set(connection, principal);
      if (answer) goesOn(answer);
      return () => forget(connection);
    },
    identified(connection) {
      if (!all.has(connection)) return;
      forget(connection);
      places.take(connection.principal!, tooMany);
      all.set(connection, connection.principal);
    },
    get size() {
      return all.size;
    },
    stop(withinMs) {
      stopped = true;
      clearInterval(timer);
      for (const connection of all.keys()) connection.goAway(withinMs);
    },
  };
}

/** In turns of the loop: 1,950 beats in one kept others waiting for 124 ms. */
function everyLook(
  all: ReadonlyMap<LiveConnection, unknown>,
  look: (connection: LiveConnection, beats: boolean) => void,
): NodeJS.Timeout {
  const turns = new Turns();
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const beats = looks % beatEvery === 0;
    void turns.each([...all.keys()], (connection) => look(connection, beats));
  }, lookEvery);
  return timer.unref();
}

/** Tokens end, and what a role may do changes: who may do something else now comes again. */
function stillWelcome(identify: IdentifyPrincipal, { principal, socket, authorization }: LiveConnection): boolean {
  if (!principal) return true;
  const now = identify(socket, authorization);
  return now !== undefined && samePrincipal(now, principal);
}

/** Why nothing is begun any more. */
export function goesAway(): Fault {
  return new Fault('UNAVAILABLE', 'The gateway goes away.', { retryAfter: 1 });
}

/** Of those that are known. */
function placesOf({ connections: all, connectionsPerPrincipal, connectionsPerTenant }: ConnectionLimits): Places {
  return new Places({ all, ...sharesOf(all, connectionsPerPrincipal, connectionsPerTenant) });
}

function tooMany(full: keyof Bounds, { all, principal, tenant }: Bounds): Fault {
  const why = {
    all: `The gateway serves ${all} at once`,
    principal: `One principal may have ${principal} at once`,
    tenant: `One tenant may have ${tenant} at once (limits.live.connectionsPerTenant)`,
  }[full];
  return new Fault('RATE_LIMITED', `There are too many live connections: ${why}.`, { retryAfter: 5 });
}
