import { z } from 'zod';

/** What a projection could not make, by what it should have been made of; until it can, or is gone. */
export class Refusals {
  readonly #reasons = new Map<string, string>();

  add(of: string, fault: unknown): void {
    this.#reasons.set(of, reasonOf(fault));
  }

  clear(of: string): void {
    if (this.#reasons.size > 0) this.#reasons.delete(of);
  }

  /** Said of the object as a whole; undefined while nothing is refused. */
  get reason(): string | undefined {
    const [first] = this.#reasons;
    if (!first) return undefined;
    const [of, reason] = first;
    return `${this.#reasons.size} cannot be shown and stay as they were, such as '${of}': ${reason}`;
  }
}

/** What is wrong and where, without the value: it may be anything. */
function reasonOf(fault: unknown): string {
  if (!(fault instanceof z.ZodError)) return fault instanceof Error ? fault.message : String(fault);
  const [{ path, message }] = fault.issues as [z.core.$ZodIssue];
  return `${path.join('/')}: ${message}`;
}
