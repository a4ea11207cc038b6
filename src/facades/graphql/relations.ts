import { Int, type ClassType } from 'type-graphql';
import type { z } from 'zod';
import type { ObjectDefinition, Relation } from '#schema/object.js';
import { definitionOf, type ObjectName } from '#schema/objects.js';
import { permissionsOf } from '#schema/permissions.js';
import { allBut, cut, shownOf } from '#schema/shown.js';
import { derivedAttributes, withDerived } from '../../inventory/derived.js';
import { hiddenFrom } from '../../operations/mask.js';
import type { Operation, ValueAnswer } from '../../operations/operation.js';
import { fieldClass, type FieldOf } from './fields.js';
import { graphqlType } from './graphql-type.js';
import { listField } from './lists.js';
import { gqlClass, sourceOf, type Source } from './model-class.js';
import { argumentsOf, saidIn } from './queries.js';

type To<K extends Relation['kind']> = Extract<Relation, { kind: K }>;

/**
 * What an object has beside its stored attributes: what is derived or may be hidden, relations and how many they lead to, and
 * what can be asked of one object.
 */
export function objectFields(definition: ObjectDefinition, operations: readonly Operation[]): ClassType {
  const relations = Object.entries(definition.relations).flatMap(([given, relation]): FieldOf<Source>[] => {
    const name = nameOf(definition, given, relation);
    return relation.kind === 'one'
      ? [toOne(name, given, relation)]
      : [toMany(name, given, relation), countOf(name, relation)];
  });
  return fieldClass(gqlClass(definition.model), [
    ...resolvedAttributes(definition),
    ...relations,
    ...inquiries(definition, operations),
  ]);
}

/** An attribute of O2 keeps its name: a relation of the same name is called `locationInfo`, or `pools` for `resourcePools`. */
function nameOf({ name: object, model }: ObjectDefinition, given: string, { kind }: Relation): string {
  if (!(given in model.shape)) return given;
  const other = kind === 'one' ? `${given}Info` : given.replace(/^.*(?=[A-Z])/, '').toLowerCase();
  if (other in model.shape) throw new Error(`The relation '${given}' of ${object} needs a name that is no attribute.`);
  return other;
}

function renamed(name: string, given: string): string {
  return name === given ? '' : ` (\`${given}\` is the attribute of O2 with that name.)`;
}

function toOne(name: string, given: string, { to, via }: To<'one'>): FieldOf<Source> {
  return {
    name,
    type: gqlClass(definitionOf(to).model),
    nullable: true,
    description: `The ${to} that \`${via}\` names; null when there is none.${renamed(name, given)}`,
    resolve({ source, request }) {
      const id = source.row.value[via];
      if (typeof id !== 'string') return null;
      request.permit(to as ObjectName);
      return request.loaders.row(to as ObjectName, id).then((row) => row && sourceOf(row));
    },
  };
}

function toMany(name: string, given: string, { to, by }: To<'many'>): FieldOf<Source> {
  const object = definitionOf(to);
  const description = `The ${object.collection} whose \`${by}\` names this one.${renamed(name, given)}`;
  return listField({ name, description }, object, ({ row }: Source) =>
    object.parent === by ? { parent: row.id } : { by, id: row.id },
  );
}

function countOf(name: string, { to, by }: To<'many'>): FieldOf<Source> {
  return {
    name: `${name.replace(/s$/, '')}Count`,
    type: Int,
    description: `How many ${definitionOf(to).collection} there are whose \`${by}\` names this one.`,
    // No promise: of a page there is one for each of its objects, and waiting for a hundred costs more than counting.
    resolve({ source, request }) {
      request.permit(to as ObjectName);
      return request.loaders.count(to as ObjectName, by, source.row.id);
    },
  };
}

/** Operations that ask something of one object, as fields of it: `id` is the object's, what else they take are arguments. */
function inquiries({ name: object }: ObjectDefinition, operations: readonly Operation[]): readonly FieldOf<Source>[] {
  const asking = operations.filter((each) => each.object.name === object && each.kind === 'query' && each.output);
  return asking.map((operation) => ({
    name: operation.verb,
    type: gqlClass(operation.output!),
    description: operation.summary,
    args: argumentsOf(operation),
    resolve: async ({ source, args, request }) =>
      (await request.call<ValueAnswer>(operation, { id: source.row.id, ...saidIn(args) })).value,
  }));
}

/** Attributes whose value depends on who asks: derived from what the scope sees, or hidden in part. */
function resolvedAttributes(definition: ObjectDefinition): readonly FieldOf<Source>[] {
  const derived = derivedAttributes(definition).map(({ attribute }) => attribute);
  const permitted = permissionsOf(definition.model).map(({ path }) => path[0]!);
  return [...new Set([...derived, ...permitted])].map((name) => ({
    name,
    ...graphqlType(definition.model.shape[name] as z.core.$ZodType, 'out', gqlClass),
    resolve({ source, request }) {
      const { scope } = request.caller.principal;
      const shown = shownOf(allBut(hiddenFrom(scope, definition)), name);
      return cut(withDerived(request.view, scope, source.row)[name], shown);
    },
  }));
}
