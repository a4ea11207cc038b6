import type { z } from 'zod';
import { Fault } from '#schema/errors.js';
import type { Operation } from './operation.js';
import { sentence, wordingOf } from './wording.js';

const parsed = new WeakMap<object, unknown>();

/** Strict; an input object that a facade keeps for a repeated request is parsed once. */
export function parse(operation: Operation, input: unknown): unknown {
  if (typeof input === 'object' && input !== null && Object.isFrozen(input)) {
    const known = parsed.get(input);
    if (known !== undefined) return known;
  }
  const result = operation.input.safeParse(input, { error: wordingOf(operation.object) });
  if (!result.success) throw inputFault(result.error);
  if (typeof input === 'object' && input !== null && Object.isFrozen(input)) parsed.set(input, result.data);
  return result.data;
}

export function inputFault(error: z.ZodError): Fault {
  const faults = error.issues.map(({ path, message }) => sentence(path, message));
  const [first] = error.issues;
  const at = first?.path.join('/');
  // A text that is too long is wrong from where it should have ended.
  const position = first?.code === 'too_big' && first.origin === 'string' ? Number(first.maximum) : undefined;
  return new Fault('INVALID', faults.join('; '), {
    ...(at ? { at } : {}),
    ...(position === undefined ? {} : { position }),
    ...(faults.length > 1 ? { faults } : {}),
  });
}
