import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { About, WatchLine } from '#adapters/simulator/o-cloud/api.js';
import { Ledger } from './ledger.js';

/** Keeps a ledger of what an O-Cloud tells a watcher from now on, over a connection that no fault touches. */
export async function keepLedger(oCloud: string): Promise<{ readonly ledger: Ledger; stop(): void }> {
  const ledger = new Ledger();
  const stopped = new AbortController();
  const { signal } = stopped;
  const { sequence } = (await (await fetch(`${oCloud}/v1/about`)).json()) as About;
  const watch = await fetch(`${oCloud}/v1/watch?since=${sequence}`, { signal });
  const lines = createInterface({ input: Readable.fromWeb(watch.body!) });
  void (async () => {
    for await (const text of lines) {
      const line = JSON.parse(text) as WatchLine;
      if (line.type !== 'beat') ledger.note(line, Date.now());
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { ledger, stop: () => stopped.abort() };
}
