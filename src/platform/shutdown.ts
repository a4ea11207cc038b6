import { constants } from 'node:os';
import type { Logger } from './logger.js';

export interface ShutdownStep {
  readonly name: string;
  run(): Promise<unknown> | void;
}

const limit = 25_000;
/** A signal to a process group comes to us twice, once by way of who started us: no second one. Milliseconds. */
const echo = 250;

/**
 * Ends the process in order on SIGTERM and SIGINT: the steps one after the other, a failing one logged and passed over. Exits
 * with 0, with 1 when a step failed or all of them took longer than `limitMs`, and at once (128 + number) on a second signal.
 * Returns the way to begin without a signal; what it returns never settles, for the process ends.
 */
export function shutdownOnSignals(
  steps: readonly ShutdownStep[],
  logger: Logger,
  limitMs = limit,
): (reason: string) => Promise<never> {
  let ending: Promise<never> | undefined;
  let begun = 0;
  const begin = (reason: string) => (ending ??= end(steps, logger, limitMs, reason));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!ending) begun = performance.now();
      else if (performance.now() - begun > echo) process.exit(128 + constants.signals[signal]);
      void begin(signal);
    });
  }
  return begin;
}

async function end(steps: readonly ShutdownStep[], logger: Logger, limitMs: number, reason: string): Promise<never> {
  logger.info({ reason }, 'Stopping; a second signal ends at once.');
  let current = '';
  let code = 0;
  setTimeout(() => {
    logger.fatal({ step: current }, `Stopping took longer than ${limitMs} ms; giving up.`);
    process.exit(1);
  }, limitMs);
  for (const step of steps) {
    current = step.name;
    try {
      await step.run();
    } catch (error) {
      logger.error({ err: error, step: current }, 'A step of stopping failed.');
      code = 1;
    }
  }
  logger.info('Stopped.');
  process.exit(code);
}
