import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cores, pinned } from '../spawned.js';
import type { Command, Report } from './clients-process.js';

/** Clients of GraphQL over WebSocket in a process of their own, on the core of those who load; they count what they are told. */
export interface Clients {
  open(port: number, queries: readonly string[], count: number): Promise<void>;
  report(): Promise<Report>;
  /** Resolves when so many messages have come in all. */
  heard(messages: number): Promise<void>;
  close(): Promise<void>;
  stop(): void;
}

export function clients(): Clients {
  const [program, ...before] = pinned(cores.load, [process.execPath]);
  const child = fork(join(import.meta.dirname, 'clients-process.js'), { execPath: program!, execArgv: before });
  const tell = async (command: Command): Promise<Report> => {
    child.send(command);
    return ((await once(child, 'message')) as [Report])[0];
  };
  return {
    async open(port, queries, count) {
      const batch = 250;
      const before = (await tell({ do: 'report' })).open;
      for (let opened = 0; opened < count; opened += batch) {
        const now = Math.min(batch, count - opened);
        await tell({
          do: 'open',
          port,
          queries: queries
            .slice(opened, opened + now)
            .concat(queries)
            .slice(0, now),
          count: now,
        });
        while ((await tell({ do: 'report' })).open < before + opened + now) await sleep(5);
      }
      // The last subscription is on its way.
      await sleep(300);
    },
    report: () => tell({ do: 'report' }),
    async heard(messages) {
      while ((await tell({ do: 'report' })).messages < messages) await sleep(2);
    },
    async close() {
      await tell({ do: 'close' });
      await sleep(200);
    },
    stop: () => void child.kill(),
  };
}
