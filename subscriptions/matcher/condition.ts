import { Fault, invalid } from '#schema/errors.js';
import type { Condition } from '#schema/filter/ast.js';
import { printPath } from '#schema/filter/attribute-path.js';
import { compileFilter, holdsWhenAbsent, type Predicate } from '#schema/filter/compile.js';
import { comingFrom } from '#schema/filter/origin.js';
import type { RawCondition } from '#schema/filter/parse.js';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';
import { suggestion } from '#schema/suggestion.js';
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

/** Translates one condition for every object type of an API. */
export function resolve(raw: RawCondition, { types, event }: Vocabulary): Resolved {
  if (!eventAttributes.has(raw.path[0]!)) return ofAttribute(raw, types);
  const condition = dependsOnChange(raw) ? withCodes(raw) : { ...raw };
  const holds = compileFilter(event, comingFrom(condition, { at: 'filter', offsets: raw.offsets }));
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

/**
 * On a type without the attribute it is absent, as from an object that lacks it (contract 3.1): only negative operators
 * hold. So `(eq,name,x)` excludes no resource, for these have no names, and `(neq,name,x)` excludes them all: what it
 * leaves is named x. A value that the attribute of one type cannot have is refused only if no type's can.
 */
function ofAttribute(raw: RawCondition, types: readonly NotifiedType[]): Resolved {
  const outcomes = new Map<NotifiedType, Tested | Fault>();
  for (const type of types) {
    const path = type.spelled.pathOf(raw.path);
    if (path) outcomes.set(type, testOn(type, path, raw));
  }
  if (outcomes.size === 0) throw invalid(noAttributeOf(raw, types), 'filter', raw.offsets.path);
  const faults = [...outcomes.values()].filter((outcome) => outcome instanceof Fault);
  if (faults.length === outcomes.size) throw faults[0]!;
  const absent = holdsWhenAbsent(raw);
  return (type) => {
    const outcome = outcomes.get(type);
    return outcome === undefined || outcome instanceof Fault ? absent : outcome;
  };
}

function noAttributeOf({ path }: RawCondition, types: readonly NotifiedType[]): string {
  const [first] = path;
  const known = new Set([...eventAttributes, ...types.flatMap(({ spelled }) => [...spelled.level.named])]);
  const near = known.has(first!) ? '' : suggestion(first!, known);
  return `'${printPath(path)}' is no attribute of any object type here.${near}`;
}

function testOn(type: NotifiedType, path: readonly string[], raw: RawCondition): Tested | Fault {
  const { definition, spelled } = type;
  requireShown(definition, path, raw);
  try {
    const values = raw.keys ? raw.values : raw.values.map((shown) => spelled.decode(raw.path, shown));
    const made = { operator: raw.operator, path, values, ...(raw.keys && { keys: true }) };
    const condition = comingFrom(made, { at: 'filter', offsets: raw.offsets });
    return { condition, holds: compileFilter(definition, condition) };
  } catch (error) {
    if (error instanceof Fault) return error;
    // A codec told it, which knows no places.
    return invalid(error instanceof Error ? error.message : String(error), 'filter', raw.offsets.values[0]!);
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
