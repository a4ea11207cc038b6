import { pino, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from './config/model.js';
import { redact } from './redact.js';

export type { Logger };

export interface LoggerOptions {
  readonly mode: Configuration['mode'];
  /** Least level that is written; `info` when absent. */
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Where lines go; standard error when absent. */
  readonly destination?: DestinationStream;
  /** Lines for people instead of JSON; when absent: in development on a terminal. */
  readonly pretty?: boolean;
}

/**
 * The log of events; requests have the access log. One JSON line each, with `time` (RFC 3339), `level` and `msg`, written at
 * once so that the last words before an end are not lost. What is named or shaped like a secret is redacted.
 */
export function createLogger({ mode, level = 'info', destination, pretty }: LoggerOptions): Logger {
  const forPeople = pretty ?? (mode === 'development' && process.stderr.isTTY);
  // The finished line is the one place that fields, errors and the bindings of children all pass through.
  const streamWrite = (line: string) => {
    const event = redact(JSON.parse(line)) as Record<string, unknown>;
    return forPeople ? sentence(event) : `${JSON.stringify(event)}\n`;
  };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** `12:03:04.123 WARN  message key=value …`, and below it the stack of an error. */
function sentence({ time, level, msg, err, ...fields }: Record<string, unknown>): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = [String(time).slice(11, 23), String(level).toUpperCase().padEnd(5), msg, ...words].join(' ');
  const stack = (err as { stack?: string } | undefined)?.stack;
  return `${head}\n${stack === undefined ? '' : `${stack.replace(/^/gm, '  ')}\n`}`;
}
