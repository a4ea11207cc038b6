import { invalid, type Fault } from '../errors.js';
import type { Condition } from './ast.js';

/** Zero-based character offsets of a condition's parts in the text it was read from. */
export interface Offsets {
  readonly path: number;
  readonly values: readonly number[];
}

/** Where a condition came from: a parameter with its text, or a place in a structured input. */
interface Origin {
  readonly at: string;
  readonly offsets?: Offsets;
}

// Beside the conditions, not in them: filters that mean the same are equal, and markers are bound to what they mean.
const origins = new WeakMap<Condition, Origin>();

/** Notes where a condition came from, for faults that show only when it meets its attribute. */
export function comingFrom(condition: Condition, origin: Origin): Condition {
  origins.set(condition, origin);
  return condition;
}

/** Whether we made the condition ourselves, out of what was checked. */
export function hasOrigin(condition: object): condition is Condition {
  return origins.has(condition as Condition);
}

/** INVALID at a part of a condition: its path, or the value with a number. */
export function faultIn(condition: Condition, part: 'path' | number, message: string): Fault {
  const { at = 'filter', offsets } = origins.get(condition) ?? {};
  return invalid(message, at, part === 'path' ? offsets?.path : offsets?.values[part]);
}
