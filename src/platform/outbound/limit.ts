import { OutboundFault } from './fault.js';

/** A signal that aborts with a typed fault: after the time, or with the caller's. */
export function limited(
  milliseconds: number,
  outer: AbortSignal | undefined,
  fault = () => new OutboundFault('timeout', `No whole answer in ${milliseconds} ms.`),
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const cancel = () => controller.abort(reasonOf(outer));
  const timer = setTimeout(() => controller.abort(fault()), milliseconds);
  if (outer?.aborted) cancel();
  outer?.addEventListener('abort', cancel, { once: true });
  const end = () => {
    clearTimeout(timer);
    outer?.removeEventListener('abort', cancel);
  };
  return { signal: controller.signal, end };
}

/** What a promise comes to, or why nobody waits for it any more. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** A limit around this one says itself what ended it. */
function reasonOf(outer: AbortSignal | undefined): OutboundFault {
  if (outer?.reason instanceof OutboundFault) return outer.reason;
  return new OutboundFault('cancelled', 'The attempt was given up.', { code: 'CANCELLED' });
}
