import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhen,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { Fault } from '#schema/errors.js';

/** Runs a call to one backend under its deadline, breaker and concurrency limit. */
export type BackendGuard = <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

const halfOpenAfter = 5_000;
const failuresToOpen = 5;

/** Only what is the backend's own fault opens its breaker; a refused write does not. */
function theirFault(error: unknown): boolean {
  return !(error instanceof Fault) || error.code.startsWith('BACKEND_');
}

export function backendGuard(instance: string, limits: { readonly deadline: number; readonly concurrency: number }): BackendGuard {
  const policy = wrap(
    bulkhead(limits.concurrency, limits.concurrency * 4),
    circuitBreaker(handleWhen(theirFault), { halfOpenAfter, breaker: new ConsecutiveBreaker(failuresToOpen) }),
    timeout(limits.deadline, TimeoutStrategy.Aggressive),
  );
  return async (signal, work) => {
    try {
      return await policy.execute(({ signal: within }) => work(within ?? signal), signal);
    } catch (error) {
      throw faultOf(instance, limits.deadline, error);
    }
  };
}

function faultOf(instance: string, deadline: number, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof BrokenCircuitError) {
    return new Fault('BACKEND_UNAVAILABLE', `The backend '${instance}' failed repeatedly and is left alone for a moment.`, { retryAfter: halfOpenAfter / 1000 });
  }
  if (error instanceof BulkheadRejectedError) return new Fault('BACKEND_UNAVAILABLE', `The backend '${instance}' is busy with other writes.`, { retryAfter: 1 });
  if (error instanceof TaskCancelledError) return new Fault('BACKEND_TIMEOUT', `The backend '${instance}' did not answer within ${deadline} ms.`, { retryAfter: 1 });
  return new Fault('BACKEND_FAILED', `The backend '${instance}' failed: ${error instanceof Error ? error.message : String(error)}`, {}, error);
}
