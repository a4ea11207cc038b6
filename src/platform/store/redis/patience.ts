import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#schema/errors.js';
import type { Connection } from './connection.js';
import { mayPass } from './refusal.js';

/** How a start waits for a server that is not there yet. */
export interface Patience {
  /** Milliseconds. */
  readonly within: number;
  /** Told every few seconds what is waited for, and why. */
  waits?(message: string): void;
}

const saidEvery = 3000;
/** Longest pause before a server that answers, and refuses for now, is asked again; each is drawn anew. Milliseconds. */
const pause = 1000;

/**
 * Resolves when all connections stand and the server has passed `check`. Throws the last Fault UNAVAILABLE when time is up, and
 * at once when waiting is of no use: what is configured is wrong.
 */
export async function untilThere(
  connections: readonly Connection[],
  check: () => Promise<void>,
  { within, waits }: Patience,
): Promise<void> {
  const giveUp = performance.now() + within;
  for (;;) {
    const round = Math.ceil(Math.max(1, Math.min(saidEvery, giveUp - performance.now())));
    const next = performance.now() + round;
    try {
      await Promise.all(connections.map((connection) => connection.ready(round)));
      return await check();
    } catch (error) {
      const left = giveUp - performance.now();
      if (left <= 0 || !(error instanceof Fault) || !mayPass(error)) throw error;
      waits?.(`${error.message} Waiting for it, ${Math.ceil(left / 1000)} s more.`);
      if (performance.now() < next) await sleep(Math.random() * pause);
    }
  }
}
