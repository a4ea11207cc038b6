import { Field, InputType, registerEnumType, type ClassType } from 'type-graphql';
import { objectNames, objects } from '#schema/objects.js';
import type { ObjectDefinition } from '#schema/object.js';
import type { Gap } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import { Change, changeClass, ChangeEvent, GapMark } from './change-types.js';
import { subscriptionClass, type FieldOf } from './fields.js';
import type { Typed } from './graphql-type.js';
import { filterFor } from './lists.js';
import { fieldName } from './queries.js';
import { whereClass } from './where.js';

/** What a subscription is executed with, once for each event that is told. */
export type Happening = { readonly event: ToldEvent } | { readonly gap: Gap };

type Arguments = Readonly<Record<string, unknown>>;

/** A field of the subscription root: what its arguments ask the gate for. */
export interface LiveField extends FieldOf<Happening> {
  inputOf(args: Arguments): Record<string, unknown>;
  /** Whether a gap is told as data; else it ends the stream. */
  readonly tellsGaps: boolean;
}

const since: Typed = {
  type: String,
  nullable: true,
  description: '`position` of an answer: what came behind it is told first. From now on when absent.',
};

const ObjectType = Object.fromEntries(objectNames.map((name) => [name, name]));
registerEnumType(ObjectType, { name: 'ObjectType', description: 'Objects of O2.' });

class ChangeWhere {}
Field(() => [ObjectType], { nullable: true, description: 'Of these objects alone.' })(
  ChangeWhere.prototype,
  'objectType',
);
InputType('ChangeWhere', { description: 'Which changes are meant.' })(ChangeWhere);

const changes: LiveField = {
  name: 'changes',
  type: ChangeEvent,
  description:
    'Every change that the caller may see, in order; to who is far behind, several of one object as one (`conflated`). ' +
    'A gap is told as such, and the stream goes on.',
  args: { where: { type: ChangeWhere, nullable: true, description: 'Which changes; all when absent.' }, since },
  tellsGaps: true,
  inputOf({ where }) {
    const named = (where as { readonly objectType?: readonly string[] | null } | null | undefined)?.objectType;
    return named ? { objects: named } : {};
  },
  resolve: ({ source, request }) =>
    'gap' in source ? new GapMark(source.gap) : new Change(source.event, request.caller.principal.scope),
};

function changedField(definition: ObjectDefinition): LiveField {
  const Told = changeClass(definition);
  return {
    name: `${fieldName(definition.name)}Changed`,
    type: Told,
    description:
      `Changes of ${definition.collection}: of those that \`where\` and \`filter\` are true of, before or after the change. ` +
      'A gap ends the stream with the error GONE.',
    args: {
      where: { type: whereClass(definition.model), nullable: true, description: 'Which objects.' },
      filter: { type: String, nullable: true, description: 'Which objects, as an expression of ETSI NFV-SOL 013 5.2.' },
      since,
    },
    tellsGaps: false,
    inputOf(args) {
      const filter = filterFor(definition, args, undefined);
      return { objects: [definition.name], ...(filter === undefined ? {} : { filter }) };
    },
    resolve: ({ source, request }) => new Told(eventIn(source), request.caller.principal.scope),
  };
}

function eventIn(happening: Happening): ToldEvent {
  if ('event' in happening) return happening.event;
  throw new Error('A stream that tells no gaps was told one.');
}

/** By field name: a stream for every object, and one for all. */
export const liveFields: ReadonlyMap<string, LiveField> = new Map(
  [changes, ...Object.values(objects).map(changedField)].map((field) => [field.name, field]),
);

export function streams(): ClassType {
  return subscriptionClass('Streams', [...liveFields.values()]);
}
