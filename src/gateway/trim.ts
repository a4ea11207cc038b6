import type { Logger } from '../platform/logger.js';
import type { Store } from '../platform/store/store.js';

const every = 60_000;

/** Keeps the log inside its budget: once a minute, because a reader may stand anywhere in it. Of many gateways one does. */
export function trimLog(
  store: Store,
  budget: { readonly hours: number; readonly bytes: number },
  { holder, logger }: { readonly holder: string; readonly logger: Logger },
): { stop(): Promise<void> } {
  const mine = () => store.lease('trim', holder, 1.5 * every);
  const trim = async (): Promise<void> => {
    if (!(await mine())) return;
    const trimmed = await store.trim(budget);
    if (trimmed > 0) logger.info({ trimmed }, 'The oldest changes were forgotten.');
  };
  let trimming: Promise<void> | undefined;
  const timer = setInterval(() => {
    trimming = trim().catch((error: unknown) => logger.warn({ err: error }, 'The log could not be trimmed.'));
  }, every);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await trimming;
    },
  };
}
