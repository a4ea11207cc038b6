import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { Fault } from '#schema/errors.js';

/** `half-open`: one call is tried; the next ones are let through when it succeeds. */
export type Breaker = 'closed' | 'half-open' | 'open';

/** Stands in front of every call to one backend. */
export interface BackendGuard {
  /** Runs a call under deadline, breaker and concurrency limit. Throws nothing but Fault; `NothingSent` where that is sure. */
  run<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  readonly breaker: Breaker;
}

/** The backend is away and nothing has reached it, so that another one may be asked instead. */
export class NothingSent extends Fault {
  constructor(message: string, retryAfter: number, cause?: unknown) {
    super('BACKEND_UNAVAILABLE', message, { retryAfter }, cause);
    this.name = 'NothingSent';
  }
}

const halfOpenAfter = 5_000;
const failuresToOpen = 5;
const comeBack = 5;

export function backendGuard(
  instance: string,
  limits: { readonly deadline: number; readonly concurrency: number },
): BackendGuard {
  const breaker = circuitBreaker(handleWhen(theirFault), {
    halfOpenAfter,
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  const within = () => timeout(limits.deadline, TimeoutStrategy.Aggressive);
  // The outer deadline counts the wait for a turn too; the inner one ends a call that does not heed its signal.
  const policy = wrap(within(), bulkhead(limits.concurrency, limits.concurrency * 4), breaker, within());
  const resting = () =>
    new NothingSent(
      `The backend '${instance}' failed ${failuresToOpen} times in a row and is left alone for a moment.`,
      halfOpenAfter / 1000,
    );
  const busy = () => new NothingSent(`The backend '${instance}' is busy with other calls.`, 1);
  return {
    async run(signal, work) {
      // The library would let it wait for the call that is tried.
      if (breaker.state === CircuitState.HalfOpen) throw resting();
      let sent = false;
      try {
        return await policy.execute((context) => {
          sent = true;
          return work(AbortSignal.any([signal, context.signal]));
        }, signal);
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw resting();
        if (error instanceof BulkheadRejectedError || (error instanceof TaskCancelledError && !sent)) throw busy();
        throw faultOf(instance, limits.deadline, error);
      }
    },
    get breaker() {
      return breaker.state === CircuitState.Closed
        ? 'closed'
        : breaker.state === CircuitState.Open
          ? 'open'
          : 'half-open';
    },
  };
}

/** Only what is the backend's own fault opens its breaker; a write that it refused (4xx) shows that it is well. */
function theirFault(error: unknown): boolean {
  if (!(error instanceof Fault)) return true;
  if (!error.code.startsWith('BACKEND_')) return false;
  const status = statusIn(error) ?? statusIn(error.cause);
  return status === undefined || status < 400 || status >= 500 || overloaded.has(status);
}

/** Refusals (408, 429) of a backend that cannot cope. */
const overloaded = new Set([408, 429]);

function statusIn(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

const perhapsDone = 'it may have done what it was asked: read the object before you ask again.';

function faultOf(instance: string, deadline: number, error: unknown): Fault {
  if (error instanceof TaskCancelledError) {
    return new Fault(
      'BACKEND_TIMEOUT',
      `The backend '${instance}' did not answer within ${deadline} ms; ${perhapsDone}`,
    );
  }
  if (!(error instanceof Fault)) {
    // Its words are for the operator, who finds them in the log.
    return new Fault('BACKEND_FAILED', `The backend '${instance}' failed in a way nobody foresaw.`, {}, error);
  }
  if (error.code === 'BACKEND_TIMEOUT') return unknownEnd(error);
  if (error.code !== 'BACKEND_UNAVAILABLE') return error;
  const { retryAfter = comeBack } = error.detail;
  if (neverConnected(error.cause)) return new NothingSent(error.message, retryAfter, error.cause);
  // A backend that has answered knows that it did nothing.
  if ((statusIn(error) ?? statusIn(error.cause)) === undefined) return unknownEnd(error);
  return error.detail.retryAfter === undefined
    ? new Fault(error.code, error.message, { ...error.detail, retryAfter }, error.cause)
    : error;
}

/** Nobody is told when to come back: who does repeats a write that may have been done. */
function unknownEnd({ code, message, detail: { retryAfter: _, ...detail }, cause }: Fault): Fault {
  return new Fault(code, `${message.replace(/\.$/, '')}; ${perhapsDone}`, detail, cause);
}

/** Whether Node said that there was no connection to send anything over. */
function neverConnected(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.length > 0 && cause.errors.every(neverConnected);
  const { syscall } = (cause ?? {}) as { readonly syscall?: unknown };
  return syscall === 'connect' || syscall === 'getaddrinfo';
}
