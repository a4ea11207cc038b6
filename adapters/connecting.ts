import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Fault } from '#schema/errors.js';
import type { Connection } from './contract.js';

/** An instance on its way to a connection, or with one. */
export interface Connecting {
  /** Resolves after the first attempt, however it ended; rejects with Fault INVALID when that blames the configuration. */
  readonly tried: Promise<void>;
  /** Ends the attempts, or the connection. */
  close(): Promise<void>;
}

const shortest = 800;
const longest = 30_000;

/** Connects, and after every fault but one of the configuration tries again with growing pauses (full jitter). */
export function connecting(
  connect: () => Promise<Connection>,
  connected: (connection: Connection) => void,
  failed: (reason: string, blamed: Fault | undefined) => void,
): Connecting {
  const stopped = new AbortController();
  let connection: Connection | undefined;
  let noted = (_fault?: Fault): void => undefined;
  const tried = new Promise<void>((resolve, reject) => (noted = (fault) => (fault ? reject(fault) : resolve())));
  // Whoever waits for it no longer after some time must not be struck by it.
  tried.catch(() => undefined);

  async function attempt(): Promise<void> {
    try {
      const made = await connect();
      if (stopped.signal.aborted) return await made.close();
      connection = made;
      connected(made);
      noted();
    } catch (error) {
      const blamed = blamesConfiguration(error);
      failed(error instanceof Error ? error.message : String(error), blamed);
      noted(blamed);
    }
  }
  async function untilConnected(): Promise<void> {
    for (let pause = shortest; !stopped.signal.aborted; pause = Math.min(pause * 2, longest)) {
      await attempt();
      if (connection) return;
      await sleep(Math.random() * pause, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }
  void untilConnected();
  return {
    tried,
    async close() {
      stopped.abort();
      await connection?.close();
    },
  };
}

function blamesConfiguration(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error.code === 'INVALID' ? error : undefined;
  return error instanceof z.ZodError ? new Fault('INVALID', z.prettifyError(error), {}, error) : undefined;
}
