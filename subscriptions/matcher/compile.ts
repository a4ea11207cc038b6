import { every, some, type Predicate } from '#schema/filter/compile.js';
import { dependsOnChange, resolve, type Resolved } from './condition.js';
import type { ToldEvent } from '../log/told-event.js';
import { reportedKind, reportedKinds, stateOf, type Reported } from './event.js';
import { parseGroups } from './groups.js';
import { keysOf, type Alternatives, type AttributeKey, type FilterMode, type Keys } from './keys.js';
import { vocabularyOf, type NotifiedType } from './vocabulary.js';

/** Events that a subscription may match; it matches none beside those of its keys. */
export interface IndexKey {
  readonly object: string;
  /** Whichever, when absent. */
  readonly change?: Reported;
  /** Whatever its attributes, when absent. */
  readonly attribute?: AttributeKey;
  /** What such an event must still satisfy, if anything. */
  readonly test: true | Predicate;
}

export interface CompiledSubscription {
  /** Whether the event is to be reported, whoever's it is: tenants are the index's. */
  matches(event: ToldEvent): boolean;
  readonly keys: readonly IndexKey[];
}

export interface SubscriptionFilter {
  readonly api: string;
  readonly major: string;
  /** In the spelling of that API; none, when empty or absent. */
  readonly filter?: string;
  readonly mode?: FilterMode;
}

/** What is left of a filter for the events of one object type and kind of change. */
interface Cell {
  readonly test: boolean | Predicate;
  /** Undefined when any object may match. */
  readonly keys?: Keys;
}

type Cells = Readonly<Record<Reported, Cell>>;

/** The conditions of each group that depend on the object, of those groups that can hold. */
function alternativesOf(groups: readonly (readonly Resolved[])[], type: NotifiedType, change: Reported): Alternatives {
  return groups
    .map((group) => group.map((resolved) => resolved(type, change)))
    .filter((group) => !group.includes(false))
    .map((group) => group.filter((outcome) => typeof outcome !== 'boolean'));
}

/**
 * Exclusion is the negation of the whole predicate, not of its operators: of an absent attribute and of a list, `neq` is not
 * what `eq` is not.
 */
function cellOf({ definition }: NotifiedType, groups: Alternatives, mode: FilterMode): Cell {
  const excludes = mode === 'exclude';
  if (groups.length === 0) return { test: excludes };
  if (groups.some((group) => group.length === 0)) return { test: !excludes };
  const keys = keysOf(definition, groups, mode);
  const each = groups.map((group) => every(group.map(({ holds }) => holds)));
  const named = each.length === 1 ? each[0]! : some(each);
  const test: Predicate = excludes ? (value) => !named(value) : named;
  return { test, ...(keys && { keys }) };
}

function indexKeys(object: string, cell: Cell, change?: Reported): readonly IndexKey[] {
  const { test, keys } = cell;
  if (test === false) return [];
  const place = { object, ...(change && { change }), test: keys?.exact ? true : test };
  return keys?.any.map((attribute) => ({ ...place, attribute })) ?? [place];
}

/**
 * Reads the filter of a subscription (contract 2.7). It is asked of the event's `objectType` and `notificationEventType` (0
 * CREATE, 1 MODIFY, 2 DELETE, or these names) and of the later state of its object. Throws INVALID at `filter` with the
 * position of the fault.
 */
export function compileSubscription({
  api,
  major,
  filter = '',
  mode = 'exclude',
}: SubscriptionFilter): CompiledSubscription {
  const vocabulary = vocabularyOf(api, major);
  const parsed = parseGroups(filter);
  const groups = parsed.map((group) => group.map((raw) => resolve(raw, vocabulary)));
  const alike = !parsed.flat().some(dependsOnChange);
  const byObject = new Map<string, Cells>();
  const keys: IndexKey[] = [];
  for (const type of vocabulary.types) {
    const { name } = type.definition;
    const cell = (change: Reported): Cell =>
      parsed.length === 0 ? { test: true } : cellOf(type, alternativesOf(groups, type, change), mode);
    const cells = cellsOf(alike ? always(cell('created')) : cell);
    byObject.set(name, cells);
    if (alike) keys.push(...indexKeys(name, cells.created));
    else for (const change of reportedKinds) keys.push(...indexKeys(name, cells[change], change));
  }
  return { matches: (event) => matches(byObject, event), keys };
}

const always =
  <T>(value: T) =>
  (): T =>
    value;

function cellsOf(cell: (change: Reported) => Cell): Cells {
  return { created: cell('created'), modified: cell('modified'), deleted: cell('deleted') };
}

function matches(byObject: ReadonlyMap<string, Cells>, event: ToldEvent): boolean {
  const kind = reportedKind(event.change);
  const test = kind && byObject.get(event.change.object)?.[kind].test;
  return typeof test === 'function' ? test(stateOf(event)) : test === true;
}
