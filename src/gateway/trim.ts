import type { Logger } from '../platform/logger.js';
import type { Store } from '../platform/store/store.js';

const every = 60_000;

/** Keeps the log inside its budget: once a minute, because a reader may stand anywhere in it. */
export function trimLog(
  store: Store,
  budget: { readonly hours: number; readonly bytes: number },
  logger: Logger,
): { stop(): void } {
  const timer = setInterval(() => {
    store.trim(budget).then(
      (trimmed) => trimmed > 0 && logger.info({ trimmed }, 'The oldest changes were forgotten.'),
      (error: unknown) => logger.warn({ err: error }, 'The log could not be trimmed.'),
    );
  }, every);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
