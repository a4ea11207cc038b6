import { tracked, type TrackedEnvelope, type TRPCSubscriptionProcedure } from '@trpc/server';
import type { z } from 'zod';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Stream } from '#subscriptions/live/stream.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Watch, WatchInput } from '../../operations/watch.js';
import type { Connections } from '../live/connections.js';
import type { Join } from '../live/join-hub.js';
import type { Turns } from '../../platform/turns.js';
import { Outlet, type Backlog } from '../live/outlet.js';
import { toldChange, toldGap, type ToldChange, type ToldGap } from '../live/told-change.js';
import { trpcError } from './errors.js';
import { placesWanted } from './places.js';
import { Queue } from './queue.js';
import type { StreamConnection } from './stream-connection.js';

export interface LiveParts {
  readonly join: Join;
  readonly connections: Connections;
  /** Of what a client has not taken yet, bytes. */
  readonly backlog: Backlog;
}

interface Parts extends LiveParts {
  readonly gate: Gate;
  readonly view: View;
  /**
   * In which events are sent, for tRPC makes a text of its own for each stream: where 1,000 tell 20 changes a second, others'
   * p99 was 143 ms without, and is 38.
   */
  readonly turns: Turns;
}

/** What changed, or that something was missed: then `reason` says why, and the lists must be read again. */
export type Happened = ToldChange | ToldGap;

/** `changes.watch`: what `/events` tells, tracked by position, so that a client that was cut off resumes by itself. */
export type WatchProcedure = TRPCSubscriptionProcedure<{
  meta: object;
  input: (z.input<typeof WatchInput> & { readonly lastEventId?: string | null }) | void;
  /** As clients get it: the envelope is opened on the way. */
  output: AsyncIterable<{ readonly id: string; readonly data: Happened }, void>;
}>;

/** A response that streams to one client of tRPC. */
interface Streaming {
  readonly caller: Caller;
  readonly connection: StreamConnection;
}

/** One client's stream; ends when `signal` aborts. `null` where only its place moved on. Throws as tRPC does. */
export async function* watching(
  parts: Parts,
  { caller, connection }: Streaming,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<Happened | null>, void, void> {
  // An abort that came before tells no listener any more.
  if (signal.aborted) return;
  const turns = parts.turns.of(caller.principal.scope.tenant ?? '');
  const queue = new Queue<Happened>(new Outlet(connection.socket, parts.backlog), turns);
  const ends: (() => void)[] = [];
  try {
    const { wanted, places } = readInput(input);
    const watch = parts.gate.watch(caller, wanted);
    ends.push(parts.connections.admit(connection));
    const seat = parts.join(caller.principal, streamOf(parts.view, watch), queue, watch.since);
    ends.push(() => seat.leave());
    if (places) {
      const tellPlace = () => queue.place(seat.position());
      tellPlace();
      connection.onBeat(tellPlace);
    }
    signal.addEventListener('abort', () => queue.close(), { once: true });
    for await (const { position, what } of queue) {
      if (signal.aborted) return;
      yield tracked(formatPosition(position), what);
    }
  } catch (error) {
    throw error instanceof Fault ? trpcError(error) : error;
  } finally {
    for (const end of ends) end();
  }
}

/** What the gate is asked for. `lastEventId`: a client that resumes says behind what, which is later than where it began. */
function readInput(input: unknown): { readonly wanted: unknown; readonly places: boolean } {
  if (typeof input !== 'object' || input === null) return { wanted: input ?? {}, places: false };
  const { lastEventId, [placesWanted]: places, ...wanted } = input as Readonly<Record<string, unknown>>;
  return { wanted: lastEventId == null ? wanted : { ...wanted, since: lastEventId }, places: places === true };
}

function streamOf(view: View, watch: Watch): Stream<Happened> {
  return {
    key: `trpc ${watch.key}`,
    words: `trpc ${watch.scope.key}`,
    tenant: watch.scope.tenant,
    wants: (event) => watch.wants(event),
    anyOf: watch.anyOf,
    tell: async (event) => toldChange(view, watch.scope, event),
    tellGap: async (gap) => toldGap(gap),
  };
}
