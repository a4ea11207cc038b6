import type { Logger } from '../platform/logger.js';
import type { AuditBudget, Store } from '../platform/store/store.js';

const every = 60_000;

interface Budgets {
  readonly logBudget: { readonly hours: number; readonly bytes: number };
  readonly auditBudget: AuditBudget;
}

/**
 * Keeps the log and the audit inside their budgets: once a minute, because a reader may stand anywhere in the log. Of many
 * gateways one does. Returns how to stop.
 */
export function trimStore(
  store: Store,
  { logBudget, auditBudget }: Budgets,
  { holder, logger }: { readonly holder: string; readonly logger: Logger },
): () => Promise<void> {
  const trim = async (trimmed: Promise<number>, forgotten: string): Promise<void> => {
    const count = await trimmed;
    if (count > 0) logger.info({ trimmed: count }, forgotten);
  };
  const trimBoth = async (): Promise<void> => {
    if (!(await store.lease('trim', holder, 1.5 * every))) return;
    await trim(store.trim(logBudget), 'The oldest changes were forgotten.');
    await trim(store.trimAudit(auditBudget), 'The oldest entries of the audit were forgotten.');
  };
  let trimming: Promise<void> | undefined;
  const timer = setInterval(() => {
    trimming = trimBoth().catch((error: unknown) => logger.warn({ err: error }, 'The store could not be trimmed.'));
  }, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await trimming;
  };
}
