import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Row } from '../inventory/row.js';
import type { Caller } from './caller.js';

/** States an object may be in to be written, by what `stateOf` calls them; `*` stands for whichever it is in. */
export type ExpectedState = '*' | ReadonlySet<string>;

/** Names the state of an object: where its last change stands. What is derived from other objects is not part of it. */
export function stateOf({ position }: Row): string {
  return formatPosition(position);
}

/**
 * Throws PRECONDITION_FAILED when the object that is about to be written is in another state than its caller has seen. It is
 * judged once, as the view has it; whoever writes the row by compare-and-set judges every row that it tries.
 */
export function demandExpected({ expected }: Pick<Caller, 'expected'>, row: Row): void {
  if (expected === undefined || expected === '*' || expected.has(stateOf(row))) return;
  const message = `The ${row.object} '${row.id}' is in no state that If-Match names: its ETag is "${stateOf(row)}", and a weak one (W/) names none. Read it again.`;
  throw new Fault('PRECONDITION_FAILED', message, { at: 'If-Match', position: 0 });
}
