import { Fault, invalid } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { configurationInstance } from '#subscriptions/configured.js';
import type { Row } from '../inventory/row.js';
import type { Call } from './operation.js';

/** Attributes as they are written: a partial model. */
export type Values = Readonly<Record<string, unknown>>;

/** Native identities of the objects a value refers to, `<attribute>Identity` beside each id: ports know no ids of ours. */
export function nativeReferences(call: Call, object: ObjectName, value: Values, instance: string): Values {
  const references: Record<string, unknown> = {};
  for (const [via, row] of referencesOf(call, object, value)) {
    if (row.instance === instance) references[`${via.replace(/Id$/, '')}Identity`] = row.identity;
    else if (isForeign(row, instance))
      throw invalid(`${row.object} '${row.id}' belongs to another backend than this ${object}.`, via);
  }
  return references;
}

/** The objects a value refers to, by the attribute that holds the id. */
export function referencesOf(
  call: Call,
  object: ObjectName,
  value: Values,
): readonly (readonly [via: string, row: Row])[] {
  return Object.values(call.view.kind(object).definition.relations).flatMap((relation) => {
    if (relation.kind !== 'one' || value[relation.via] === undefined) return [];
    return [[relation.via, referenced(call, relation.to as ObjectName, value[relation.via], relation.via)] as const];
  });
}

/** What the configuration holds belongs to all. */
export function isForeign(row: Row, instance: string): boolean {
  return row.instance !== instance && row.instance !== configurationInstance;
}

/** The object that an attribute names; UNPROCESSABLE when the scope sees none. */
export function referenced(call: Call, object: ObjectName, id: unknown, at: string): Row {
  const row = typeof id === 'string' ? call.view.get(call.scope, object, id) : undefined;
  if (row) return row;
  call.knows(object);
  throw new Fault('UNPROCESSABLE', `There is no ${object} '${String(id)}'.`, { at });
}
