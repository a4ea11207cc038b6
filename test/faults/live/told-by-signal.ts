import { writeFileSync } from 'node:fs';

// Preloaded into a gateway: on SIGUSR2 it collects its garbage and writes down what it holds, without a debugger.

/** What a process holds, after a full collection. */
export interface Holdings {
  /** Bytes, as all others. */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  /** What keeps the loop awake, by kind: timers, sockets, requests. */
  readonly active: Readonly<Record<string, number>>;
  /** The most listeners that one event of the process has. */
  readonly listeners: number;
}

const file = new URL(import.meta.url).searchParams.get('file');

function holdings(): Holdings {
  globalThis.gc?.();
  const { rss, heapUsed: heap, external } = process.memoryUsage();
  const active: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) active[kind] = (active[kind] ?? 0) + 1;
  const listeners = Math.max(...process.eventNames().map((name) => process.listenerCount(name as 'exit')));
  return { rss, heap, external, active, listeners };
}

if (file !== null) process.on('SIGUSR2', () => writeFileSync(file, JSON.stringify(holdings())));
