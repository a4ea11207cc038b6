import { z } from 'zod';
import { Fault, internal } from '#schema/errors.js';
import type { Caller } from './caller.js';
import { inputFault } from './input.js';
import type { Operation } from './operation.js';

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
export function normalise(error: unknown, { kind }: Operation, caller: Caller, ends?: Deadline): Fault {
  if (error instanceof Fault) return error;
  // A mutation goes on when its client leaves: what becomes of it has another reason.
  if (kind === 'query' && caller.signal.aborted) return new Fault('CANCELLED', 'The client left.');
  if (ends?.passed() === true || (error as { readonly name?: unknown }).name === 'TimeoutError') return late(kind);
  if (error instanceof z.ZodError) return inputFault(error);
  return internal(error);
}

/** Who is told to come back repeats what was asked: a mutation may have been done. */
function late(kind: Operation['kind']): Fault {
  const message = 'The operation took longer than its deadline';
  return kind === 'query'
    ? new Fault('UNAVAILABLE', `${message}.`, { retryAfter: 1 })
    : new Fault('UNAVAILABLE', `${message}; it may have been done all the same: read the object before you repeat it.`);
}
