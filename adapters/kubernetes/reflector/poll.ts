import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeBatch } from '../../contract.js';
import { createBackoff } from './backoff.js';
import { createHealth } from './health.js';
import { usualTiming, type Timing } from './timing.js';

/** Something the API tells but cannot be watched for. */
export interface PolledSource {
  readonly kind: string;
  readonly identity: string;
  /** Milliseconds. */
  readonly every: number;
  read(signal: AbortSignal): Promise<unknown>;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
  readonly timing?: Timing;
}

/** Asks again and again and tells what has changed, as a full list of one; like a reflector, no fault ends it. */
export async function* poll(source: PolledSource, signal: AbortSignal): AsyncGenerator<NativeBatch> {
  const { kind, identity, every, timing = usualTiming } = source;
  const backoff = createBackoff(timing.backoff);
  const health = createHealth(source, timing.staleAfter);
  let before: string | undefined;
  while (!signal.aborted) {
    let pause = every;
    try {
      const native = await source.read(signal);
      const recovered = health.well();
      const text = JSON.stringify(native);
      if (text !== before) {
        const list = [
          { type: 'begin', kind },
          { type: 'upsert', kind, identity, native },
          { type: 'complete', kind },
        ] as const;
        yield { events: [...recovered, ...list] };
      } else if (recovered.length > 0) yield { events: recovered };
      before = text;
    } catch (fault) {
      if (signal.aborted) return;
      const stale = health.ill(fault, before === undefined);
      if (stale) yield { events: [stale] };
      pause = backoff.next();
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
