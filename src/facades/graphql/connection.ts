import { Field, Int, ObjectType, type ClassType } from 'type-graphql';
import type { ObjectDefinition } from '#schema/object.js';
import { formatPosition } from '#schema/position.js';
import { rowsOf } from '../../inventory/query.js';
import type { Row } from '../../inventory/row.js';
import type { RowsAnswer } from '../../operations/operation.js';
import { gqlClass, type Source, type SourceClass } from './model-class.js';

/** Of a field whose value is made when it is asked for: it has a resolver, which alone may take time or fail. */
const computed = { simple: false } as const;

/** An object in a list. Its cursor is sealed when it is asked for. */
class Edge {
  readonly node: Source;
  readonly #answer: RowsAnswer;

  constructor(node: Source, answer: RowsAnswer) {
    this.node = node;
    this.#answer = answer;
  }

  get cursor(): string {
    return this.#answer.markerOf(this.node.row);
  }
}

class PageInfo {
  readonly hasPreviousPage: boolean;
  readonly #answer: RowsAnswer;
  readonly #rows: readonly Row[];

  constructor(answer: RowsAnswer, rows: readonly Row[], continued: boolean) {
    this.#answer = answer;
    this.#rows = rows;
    this.hasPreviousPage = continued;
  }

  get hasNextPage(): boolean {
    return this.#answer.next !== undefined;
  }

  get startCursor(): string | null {
    return this.#cursorOf(this.#rows[0]);
  }

  get endCursor(): string | null {
    return this.#answer.next ?? this.#cursorOf(this.#rows.at(-1));
  }

  #cursorOf(row: Row | undefined): string | null {
    return row ? this.#answer.markerOf(row) : null;
  }
}
Field(() => Boolean, { description: 'Whether objects follow.' })(PageInfo.prototype, 'hasNextPage');
Field(() => Boolean, {
  description: 'Whether the page was asked for with a cursor, so that something may stand before it.',
})(PageInfo.prototype, 'hasPreviousPage');
Field(() => String, { ...computed, nullable: true, description: 'Cursor of the first object.' })(
  PageInfo.prototype,
  'startCursor',
);
Field(() => String, {
  ...computed,
  nullable: true,
  description: 'Cursor of the last object: `after` of the next page.',
})(PageInfo.prototype, 'endCursor');
ObjectType('PageInfo', { simpleResolvers: true, description: 'Where a page of a list stands.' })(PageInfo);

/** A page of a list, as its connection shows it: nothing is made that was not asked for. */
export class Page {
  readonly pageInfo: PageInfo;
  readonly #answer: RowsAnswer;
  readonly #rows: readonly Row[];
  readonly #made: SourceClass;

  constructor(answer: RowsAnswer, made: SourceClass, continued: boolean) {
    this.#answer = answer;
    this.#rows = [...rowsOf(answer.runs)];
    this.#made = made;
    this.pageInfo = new PageInfo(answer, this.#rows, continued);
  }

  get nodes(): readonly Source[] {
    return this.#rows.map((row) => new this.#made(row));
  }

  get edges(): readonly Edge[] {
    return this.nodes.map((node) => new Edge(node, this.#answer));
  }

  get totalCount(): Promise<number> {
    return this.#answer.total();
  }

  get position(): string {
    return formatPosition(this.#answer.position);
  }
}

const classes = new WeakMap<ObjectDefinition, ClassType>();

/** The type of a page of an object's list. */
export function connectionClass(definition: ObjectDefinition): ClassType {
  const known = classes.get(definition);
  if (known) return known;
  const node = gqlClass(definition.model);
  const edgeName = `${definition.name}Edge`;
  const edge = { [edgeName]: class {} }[edgeName]!;
  Field(() => String, { ...computed, description: 'Cursor of the object: `after` of the page behind it.' })(
    edge.prototype,
    'cursor',
  );
  Field(() => node)(edge.prototype, 'node');
  ObjectType(edgeName, { simpleResolvers: true, description: `One ${definition.name} in a list.` })(edge);

  const name = `${definition.name}Connection`;
  const made = { [name]: class {} }[name]!;
  Field(() => [edge], { ...computed, description: 'The objects with their cursors.' })(made.prototype, 'edges');
  Field(() => [node], { ...computed, description: 'The objects.' })(made.prototype, 'nodes');
  Field(() => PageInfo)(made.prototype, 'pageInfo');
  Field(() => Int, { ...computed, description: 'How many there are in all; counted only when asked for.' })(
    made.prototype,
    'totalCount',
  );
  Field(() => String, {
    description: 'Place in the log up to which the page is true: `since` of a subscription that goes on from here.',
  })(made.prototype, 'position');
  ObjectType(name, { simpleResolvers: true, description: `A page of ${definition.collection}.` })(made);
  classes.set(definition, made);
  return made;
}
