import { Fault } from '#schema/errors.js';
import type { Logger } from '../platform/logger.js';
import type { Store } from '../platform/store/store.js';

/** Of a full disk some writes find room between others that fail: it is over when none failed for so long, milliseconds. */
const calm = 10_000;
/** Reasons that are told of one disturbance. */
const most = 20;

/** A store of which the operator is told why it takes no writes: each reason once while that lasts, whoever wanted to write. */
export function toldWrites(
  store: Store,
  logger: Pick<Logger, 'error' | 'warn'>,
  now: () => number = () => performance.now(),
): Store {
  const said = new Set<string>();
  let failedAt = 0;
  const failed = ({ message }: Fault): void => {
    failedAt = now();
    if (said.has(message) || said.size === most) return;
    said.add(message);
    logger.error({ reason: message }, 'The store takes no writes; this is said once while it lasts.');
  };
  const told = async <T>(write: Promise<T>): Promise<T> => {
    try {
      const written = await write;
      if (said.size > 0 && now() - failedAt > calm) {
        said.clear();
        logger.warn('The store takes writes again.');
      }
      return written;
    } catch (error) {
      if (error instanceof Fault && error.code === 'UNAVAILABLE') failed(error);
      throw error;
    }
  };
  return {
    ...store,
    append: (batch) => told(store.append(batch)),
    put: (...document) => told(store.put(...document)),
    remove: (...document) => told(store.remove(...document)),
    appendAudit: (entry) => told(store.appendAudit(entry)),
  };
}
