import type { NativeEvent } from '../../contract.js';
import { isWithheld } from './fault.js';

/** Tells when a kind becomes stale and when it is current again, each once. */
export interface Health {
  /** A fault happened. `atOnce`: nothing is known of the kind, so that there is nothing a pause could be good for. */
  ill(fault: unknown, atOnce: boolean): NativeEvent | undefined;
  /** The kind is read again. */
  well(): readonly NativeEvent[];
}

interface Told {
  readonly kind: string;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export function createHealth({ kind, log }: Told, staleAfter: number): Health {
  let since: number | undefined;
  let told: string | undefined;
  return {
    ill(fault, atOnce) {
      since ??= Date.now();
      const reason = reasonOf(fault);
      const isStale = atOnce || isWithheld(fault) || Date.now() - since >= staleAfter;
      if (!isStale || told === reason) return undefined;
      told = reason;
      log('warn', 'A kind cannot be read; what is known of it stays.', { kind, reason });
      return { type: 'stale', kind, reason };
    },
    well() {
      since = undefined;
      if (told === undefined) return [];
      told = undefined;
      log('info', 'The kind is read again.', { kind });
      return [{ type: 'current', kind }];
    },
  };
}

/** What an operator is told of a fault. */
export function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  return fault.message || ((fault as NodeJS.ErrnoException).code ?? fault.name);
}
