import type { Logger } from '../platform/logger.js';
import type { AuditBudget, Store } from '../platform/store/store.js';

const every = 60_000;

interface Budgets {
  readonly logBudget: { readonly hours: number; readonly bytes: number };
  readonly auditBudget: AuditBudget;
}

/** Keeps the log and the audit inside their budgets: once a minute, because a reader may stand anywhere in the log. */
export function trimStore(store: Store, { logBudget, auditBudget }: Budgets, logger: Logger): { stop(): void } {
  const tell = (trimming: Promise<number>, forgotten: string, what: string) =>
    trimming.then(
      (trimmed) => trimmed > 0 && logger.info({ trimmed }, forgotten),
      (error: unknown) => logger.warn({ err: error }, `${what} could not be trimmed.`),
    );
  const timer = setInterval(() => {
    void tell(store.trim(logBudget), 'The oldest changes were forgotten.', 'The log');
    void tell(store.trimAudit(auditBudget), 'The oldest entries of the audit were forgotten.', 'The audit');
  }, every);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
