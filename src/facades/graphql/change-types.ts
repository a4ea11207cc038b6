import { createUnionType, Field, ID, ObjectType, registerEnumType, type ClassType } from 'type-graphql';
import type { ObjectDefinition } from '#schema/object.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Gap } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import { rowOf } from '../../inventory/row.js';
import { Facts } from '../live/told-change.js';
import { gqlClass, Node, sourceOf, type Source } from './model-class.js';

const ChangeKind = { CREATED: 'CREATED', MODIFIED: 'MODIFIED', DELETED: 'DELETED' } as const;
registerEnumType(ChangeKind, { name: 'ChangeKind', description: 'What happened to an object.' });

/** What is told of one event, to one scope. */
class Told extends Facts {
  /** The object as it was right after this change. */
  readonly object: Source | null;

  constructor(event: ToldEvent, scope: Scope) {
    super(event, scope);
    const { after } = event.change;
    this.object = after ? sourceOf(rowOf(after)) : null;
  }
}

export class Change extends Told {}
fieldsOf(Change, Node, 'A change of any object.');
Field(() => String, { description: 'Name of the object: `ResourcePool`.' })(Change.prototype, 'objectType');

const GapReason = { TRIMMED: 'TRIMMED', REWRITTEN: 'REWRITTEN', FAILED: 'FAILED' } as const;
registerEnumType(GapReason, {
  name: 'GapReason',
  description:
    'TRIMMED: older than what is kept; REWRITTEN: the log lost its end in a failover, or is another one; FAILED: the change at the position could not be told, or is too long as it was asked for.',
});

/** Changes may have been missed. */
export class GapMark {
  readonly reason: string;
  readonly position: string;

  constructor({ reason, position }: Gap) {
    this.reason = reason;
    this.position = formatPosition(position);
  }
}
Field(() => GapReason)(GapMark.prototype, 'reason');
Field(() => String, { description: 'The stream goes on from here.' })(GapMark.prototype, 'position');
ObjectType('Gap', {
  simpleResolvers: true,
  description: 'Changes were missed: read the lists again; what follows comes behind `position`.',
})(GapMark);

export const ChangeEvent = createUnionType({
  name: 'ChangeEvent',
  description: 'What happens, or a mark that something was missed.',
  types: () => [Change, GapMark] as const,
  resolveType: (value) => (value instanceof GapMark ? GapMark : Change),
});

const classes = new WeakMap<ObjectDefinition, new (event: ToldEvent, scope: Scope) => Told>();

/** `ResourcePoolChange`. */
export function changeClass(definition: ObjectDefinition): new (event: ToldEvent, scope: Scope) => Told {
  const known = classes.get(definition);
  if (known) return known;
  const name = `${definition.name}Change`;
  const made = { [name]: class extends Told {} }[name]!;
  fieldsOf(made, gqlClass(definition.model), `A change of one ${definition.name}.`, name);
  classes.set(definition, made);
  return made;
}

function fieldsOf(made: ClassType, object: ClassType, description: string, name = made.name): void {
  const prototype = made.prototype as object;
  Field(() => ChangeKind)(prototype, 'change');
  Field(() => ID)(prototype, 'id');
  const after = 'The object right after this change, with its relations as they are now; null when it was deleted.';
  Field(() => object, { nullable: true, description: after })(prototype, 'object');
  Field(() => [String], { description: 'Names of the attributes that a modification changed.' })(prototype, 'changed');
  Field(() => String, { description: 'When it was noticed, RFC 3339.' })(prototype, 'at');
  Field(() => String, { description: '`since` of a subscription that goes on behind it.' })(prototype, 'position');
  const conflated =
    'Several changes of the object told as one, to who is far behind: `change` and `changed` say what they come to.';
  Field(() => Boolean, { description: conflated })(prototype, 'conflated');
  ObjectType(name, { simpleResolvers: true, description })(made);
}
