import type { z } from 'zod';
import type { ObjectDefinition } from '#schema/object.js';
import type { ObjectName } from '#schema/objects.js';
import type { SubjectName } from '#schema/subjects.js';
import type { Position } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import type { Gap } from '#subscriptions/coverage.js';
import type { Principal } from '../access/principal.js';
import type { Row } from '../inventory/row.js';
import type { Run } from '../inventory/sorted-rows.js';
import type { View } from '../inventory/view.js';
import type { ExpectedState } from './expected-state.js';
import type { Markers } from './markers.js';
import type { Subscriptions } from './subscriptions.js';
import type { Writes } from './writes.js';

export type Permission = `${string}:${string}`;

/** What an operation works with beside its input. */
export interface Call {
  readonly principal: Principal;
  readonly scope: Scope;
  readonly signal: AbortSignal;
  /** The state in which an object may be written: `demandExpected`. */
  readonly expected?: ExpectedState | undefined;
  readonly view: View;
  readonly writes: Writes;
  readonly subscriptions: Subscriptions;
  readonly markers: Markers;
  readonly readAudit: Store['readAudit'];
  /** Page size when the caller names none. */
  readonly pageSize: number;
  /** Throws UNAVAILABLE while the answer 'there is none' cannot be known yet. */
  knows(object: ObjectName): void;
}

interface AnswerBase {
  /** Instances whose part may be missing or old. */
  readonly gaps: readonly Gap[];
}
export interface RowsAnswer extends AnswerBase {
  readonly kind: 'rows';
  readonly runs: readonly Run[];
  /** Marker of the next page. */
  readonly next?: string;
  /** Marker of the page that begins behind `row`, one of this answer; sealed only when asked for. */
  markerOf(row: Row): string;
  /** How many there are in all; a function, because a count is made only when asked for. */
  total(): Promise<number>;
  /** Place in the log from which a live stream goes on where the answer ends. */
  readonly position: Position;
  readonly stamp: string;
}
export interface RowAnswer extends AnswerBase {
  readonly kind: 'row';
  readonly row: Row;
  readonly position: Position;
  readonly stamp: string;
}
export interface WrittenAnswer extends AnswerBase {
  readonly kind: 'written';
  /** The object after the write; absent when it was deleted. */
  readonly row?: Row;
  readonly id: string;
  readonly position: Position;
}
/** The caller holds an answer made at this very stamp: it is still true. */
export interface UnchangedAnswer extends AnswerBase {
  readonly kind: 'unchanged';
}
/** What an operation with an output of its own answers. */
export interface ValueAnswer extends AnswerBase {
  readonly kind: 'value';
  readonly value: object;
  readonly position: Position;
}
export type Answer = RowsAnswer | RowAnswer | WrittenAnswer | ValueAnswer;

/** What is done to one object beside changing its attributes. */
type Action = 'scale' | 'pause' | 'resume' | 'test' | 'rotateSecret' | 'replay';
/** What is done with a subject as a whole; there are no rows of it. */
type OfTheWhole = 'read' | 'restore';
/** What is asked of one object beside its attributes. */
type Inquiry = 'delivery' | 'deadLetters';
export type Verb = 'list' | 'get' | 'create' | 'update' | 'delete' | Action | Inquiry | OfTheWhole;

/** Data, and one function that only the gate calls. From the list of these all three facades are made. */
export interface Operation<
  N extends SubjectName = SubjectName,
  V extends Verb = Verb,
  I extends z.ZodType = z.ZodType,
  O extends z.ZodObject = z.ZodObject,
> {
  /** `<collection>.<verb>` */
  readonly name: string;
  readonly object: ObjectDefinition<N>;
  readonly verb: V;
  readonly kind: 'query' | 'mutation';
  readonly permission: Permission;
  readonly input: I;
  /** What it answers with, unless that is the object. */
  readonly output?: O;
  /** Name of the GraphQL field, where verb and object do not make one. A query with one is a field of the root. */
  readonly field?: string;
  readonly summary: string;
  readonly audit: 'none' | 'durable';
  /** Names the state an answer depends on; equal stamps mean equal answers. */
  stamp?(call: Call, input: z.output<I>): string;
  run(call: Call, input: z.output<I>): Promise<Answer> | Answer;
}

/** Declares an operation and types its input. */
export function operation<N extends SubjectName, V extends Verb, I extends z.ZodType, O extends z.ZodObject>(
  declared: Operation<N, V, I, O>,
): Operation<N, V, I, O> {
  return Object.freeze(declared);
}
