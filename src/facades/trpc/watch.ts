import { tracked, type TrackedEnvelope, type TRPCSubscriptionProcedure } from '@trpc/server';
import type { z } from 'zod';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Stream } from '#subscriptions/live/stream.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import { toldChange, toldGap, type ToldChange, type ToldGap } from '../../operations/told-change.js';
import type { Watch, WatchInput } from '../../operations/watch.js';
import type { Connections, LiveConnection } from '../live/connections.js';
import { trpcError } from './errors.js';
import { Queue } from './queue.js';

export interface LiveParts {
  readonly hub: Hub;
  readonly connections: Connections;
  readonly limits: { readonly streams: number };
}

interface Parts extends LiveParts {
  readonly gate: Gate;
  readonly view: View;
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
export interface Streaming {
  readonly caller: Caller;
  readonly connection: LiveConnection;
}

/** One client's stream; ends when `signal` aborts. Throws as tRPC does. */
export async function* watching(
  parts: Parts,
  { caller, connection }: Streaming,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<Happened>, void, void> {
  const queue = new Queue<Happened>();
  const ends: (() => void)[] = [];
  try {
    const watch = parts.gate.watch(caller, withoutLast(input));
    ends.push(parts.connections.admit(connection));
    parts.connections.identified(caller.principal);
    if (parts.hub.counts().groups >= parts.limits.streams)
      throw new Fault('RATE_LIMITED', `There are ${parts.limits.streams} different live streams already.`);
    ends.push(parts.hub.join(streamOf(parts.view, watch), queue, watch.since));
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

/** A client that resumes says behind what; that is later than where it began. */
function withoutLast(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input ?? {};
  const { lastEventId, ...asked } = input as Readonly<Record<string, unknown>>;
  return lastEventId === undefined || lastEventId === null ? asked : { ...asked, since: lastEventId };
}

function streamOf(view: View, watch: Watch): Stream<Happened> {
  return {
    key: `trpc ${watch.key}`,
    wants: (event) => watch.wants(event),
    tell: (event) => Promise.resolve(toldChange(view, watch.scope, event)),
    tellGap: (gap) => Promise.resolve(toldGap(gap)),
  };
}
