import type { ObjectName, ValueOf } from '#schema/objects.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import { rowsOf } from '../../inventory/query.js';
import type { View } from '../../inventory/view.js';
import type { Answer } from '../../operations/operation.js';
import { visibleValue } from '../../operations/visible.js';

/** A page of a list. */
export interface ListOutput<N extends ObjectName> {
  readonly items: readonly ValueOf<N>[];
  /** Marker of the next page, for `after`; absent on the last one. */
  readonly next?: string;
  /** Place in the log up to which the page is true. */
  readonly position: string;
  /** Backends whose part may be missing or old. */
  readonly incomplete?: readonly string[];
}

/** What a write left behind. */
export interface WrittenOutput<N extends ObjectName> {
  readonly id: string;
  /** The object after the write; null when there is none any more. */
  readonly value: ValueOf<N> | null;
  /** Place in the log from which every reader sees the write. */
  readonly position: string;
}

/** An answer of the gate as the caller's scope sees it. `ListOutput`, `WrittenOutput`, the object alone, or what the operation says. */
export function outputOf(view: View, scope: Scope, answer: Answer): unknown {
  const position = formatPosition(answer.position);
  switch (answer.kind) {
    case 'rows': {
      const items = Array.from(rowsOf(answer.runs), (row) => visibleValue(view, scope, row));
      const next = answer.next === undefined ? {} : { next: answer.next };
      const incomplete = answer.gaps.length === 0 ? {} : { incomplete: answer.gaps.map((gap) => gap.instance) };
      return { items, ...next, position, ...incomplete };
    }
    case 'value':
      return answer.value;
    case 'row':
      return visibleValue(view, scope, answer.row);
    case 'written':
      return { id: answer.id, value: answer.row ? visibleValue(view, scope, answer.row) : null, position };
  }
}
