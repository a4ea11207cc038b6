import { Fault, invalid } from '#schema/errors.js';
import type { Condition } from '#schema/filter/ast.js';
import { printPath } from '#schema/filter/attribute-path.js';
import { compileFilter, holdsWhenAbsent, type Predicate } from '#schema/filter/compile.js';
import type { RawCondition } from '#schema/filter/parse.js';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';
import { eventTypes, type Reported } from './event.js';
import type { NotifiedType, Vocabulary } from './vocabulary.js';

/** A condition on an attribute of one object type, in the model's names. */
export interface Tested {
  readonly condition: Condition;
  readonly holds: Predicate;
}

/** What a condition comes to for the events of one object type and kind of change. */
export type Resolved = (type: NotifiedType, change: Reported) => boolean | Tested;

/** Attributes of the event; were an object to have one of these names, the event's would be meant. */
const eventAttributes: ReadonlySet<string> = new Set(['objectType', 'notificationEventType']);

export function dependsOnChange({ path }: RawCondition): boolean {
  return path[0] === 'notificationEventType';
}

/**
 * Translates one condition for every object type of an API. On a type that has no such attribute it is absent, as it is
 * from an object that lacks it (contract 3.1): the negative operators hold, the others do not. So `(eq,name,x)` excludes
 * no resource, for these have no names, and `(neq,name,x)` excludes them all: what it leaves is named x. Values that
 * another type's attribute of the same name cannot have are absent there as well.
 */
export function resolve(raw: RawCondition, { types, event }: Vocabulary): Resolved {
  if (!eventAttributes.has(raw.path[0]!)) return ofAttribute(raw, types);
  const condition = dependsOnChange(raw) ? withCodes(raw) : raw;
  const holds = compiledAt(event, condition, raw);
  return ({ presenter }, change) =>
    holds({ objectType: presenter.type, notificationEventType: eventTypes[change].code });
}

/** The names of the event types stand for their codes; other numbers are no event type. */
function withCodes(raw: RawCondition): Condition {
  const all = Object.values(eventTypes);
  const values = raw.values.map((value, index) => {
    const found = all.find(({ code, name }) => value === name || (value.trim() !== '' && Number(value) === code));
    if (found) return String(found.code);
    const names = all.map(({ code, name }) => `${code} (${name})`).join(', ');
    throw invalid(`'${value}' is no event type; known are ${names}.`, 'filter', raw.offsets.values[index]!);
  });
  return { ...raw, values };
}

function ofAttribute(raw: RawCondition, types: readonly NotifiedType[]): Resolved {
  const outcomes = new Map<NotifiedType, Tested | Fault>();
  for (const type of types) {
    const path = type.spelled.pathOf(raw.path);
    if (path) outcomes.set(type, testOn(type, path, raw));
  }
  if (outcomes.size === 0)
    throw invalid(`'${printPath(raw.path)}' is no attribute of any object type here.`, 'filter', raw.offsets.path);
  const faults = [...outcomes.values()].filter((outcome) => outcome instanceof Fault);
  if (faults.length === outcomes.size) throw faults[0]!;
  const absent = holdsWhenAbsent(raw);
  return (type) => {
    const outcome = outcomes.get(type);
    return outcome === undefined || outcome instanceof Fault ? absent : outcome;
  };
}

function testOn(type: NotifiedType, path: readonly string[], raw: RawCondition): Tested | Fault {
  const { definition, spelled } = type;
  requireShown(definition, path, raw);
  try {
    const values = raw.keys ? raw.values : raw.values.map((shown) => spelled.decode(raw.path, shown));
    const condition = { operator: raw.operator, path, values, ...(raw.keys && { keys: true }) };
    return { condition, holds: compiledAt(definition, condition, raw) };
  } catch (error) {
    if (error instanceof Fault && error.detail.position !== undefined) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(reason, 'filter', raw.offsets.values[0]!);
  }
}

/** Whoever may subscribe may not ask about what no notification shows: it would tell by coming or not. */
function requireShown(
  { model }: ObjectDefinition,
  path: readonly string[],
  { path: shown, offsets }: RawCondition,
): void {
  const attribute = attributeAt(model, path);
  const named = printPath(shown);
  if (attribute?.permission !== undefined)
    throw invalid(`'${named}' needs a permission of its own; no subscription is told of it.`, 'filter', offsets.path);
  if (attributeAt(model, path.slice(0, 1))?.derived)
    throw invalid(`'${named}' follows from other objects and stands in no notification.`, 'filter', offsets.path);
}

function compiledAt(definition: ObjectDefinition, condition: Condition, { offsets }: RawCondition): Predicate {
  try {
    return compileFilter(definition, condition);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw invalid(error.message, 'filter', placeOf(definition, condition, offsets));
  }
}

/** Where the fault stands: any text can be contained in a value, so `cont` is refused for its attribute alone. */
function placeOf(
  definition: ObjectDefinition,
  condition: Condition,
  { path, values }: RawCondition['offsets'],
): number {
  const fails = (part: Partial<Condition>): boolean => {
    try {
      compileFilter(definition, { ...condition, ...part });
      return false;
    } catch {
      return true;
    }
  };
  if (fails({ operator: 'cont' })) return path;
  return values[condition.values.findIndex((value) => fails({ values: [value] }))] ?? path;
}
