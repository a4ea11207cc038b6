import { z } from 'zod';
import { Fault, internal } from '#schema/errors.js';
import type { Caller } from './caller.js';
import { inputFault } from './input.js';

/** When an operation has to end. */
export interface Deadline {
  signal(): AbortSignal;
  passed(): boolean;
}

/** Made when first asked for: what is answered from memory at once never needs a timer. */
export function deadline(milliseconds: number, caller: Caller | undefined): Deadline {
  let timeLeft: AbortSignal | undefined;
  let signal: AbortSignal | undefined;
  return {
    signal() {
      timeLeft ??= AbortSignal.timeout(milliseconds);
      return (signal ??= caller ? AbortSignal.any([caller.signal, timeLeft]) : timeLeft);
    },
    passed: () => timeLeft?.aborted ?? false,
  };
}

/** Whatever was thrown, as the Fault that the caller is told. */
export function normalise(error: unknown, ends: Deadline, caller: Caller): Fault {
  if (error instanceof Fault) return error;
  if (caller.signal.aborted) return new Fault('CANCELLED', 'The client left.');
  if (ends.passed() || (error as { readonly name?: unknown }).name === 'TimeoutError')
    return new Fault('UNAVAILABLE', 'The operation took longer than its deadline.', { retryAfter: 1 });
  if (error instanceof z.ZodError) return inputFault(error);
  return internal(error);
}
