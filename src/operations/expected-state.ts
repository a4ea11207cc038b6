import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Row } from '../inventory/row.js';
import type { View } from '../inventory/view.js';
import type { Call } from './operation.js';

/** States an object may be in to be written, by what `stateOf` calls them; `*` stands for whichever it is in. */
export type ExpectedState = '*' | ReadonlySet<string>;

/**
 * Names the state of an object: where its last change stands (`12.ab`), and of a pool how many resources it holds besides
 * (`12.ab+3`). What else is derived from other objects is not part of it.
 */
export function stateOf(view: View, scope: Scope, row: Row): string {
  const place = formatPosition(row.position);
  if (row.object !== 'ResourcePool') return place;
  return `${place}+${view.kind('Resource').posting('resourcePoolId', row.id)?.size(scope) ?? 0}`;
}

/** How much of a state counts: for a change of the object's attributes its place, for `scale` its size as well. */
export type Extent = 'place' | 'whole';

/**
 * Throws PRECONDITION_FAILED when the object that is about to be written is in another state than its caller has seen. It is
 * judged once, as the view has it; whoever writes the row by compare-and-set judges every row that it tries.
 */
export function demandExpected({ expected, view, scope }: Expecting, row: Row, extent: Extent = 'place'): void {
  if (expected === undefined || expected === '*') return;
  const state = stateOf(view, scope, row);
  const counting = (of: string) => (extent === 'whole' ? of : of.split('+', 1)[0]!);
  for (const each of expected) if (counting(each) === counting(state)) return;
  const message = `The ${row.object} '${row.id}' is in no state that If-Match names: its ETag is "${state}", and a weak one (W/) names none. Read it again, below /netweave/v1, by GraphQL or tRPC: an ETag of O2 names an answer.`;
  throw new Fault('PRECONDITION_FAILED', message, { at: 'If-Match', position: 0 });
}

type Expecting = Pick<Call, 'expected' | 'view' | 'scope'>;
