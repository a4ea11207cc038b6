import { z } from 'zod';
import { Fault, invalid } from '#schema/errors.js';
import { compileFilter, type Predicate } from '#schema/filter/compile.js';
import { definitionOf, objectNames, type ObjectName } from '#schema/objects.js';
import { parsePosition, type Position } from '#schema/position.js';
import { sees, type Scope } from '#schema/scope.js';
import type { Value } from '#schema/change.js';
import type { ObjectKeys } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import { keysOfFilter } from '#subscriptions/matcher/keys.js';
import { FilterInput, readFilter } from './filter-input.js';
import { inputFault } from './input.js';
import { hiddenFrom } from './mask.js';
import { refuseHidden } from './standard.js';
import { wording } from './wording.js';

/** Input of every live stream, the same on all facades. */
export const WatchInput = z.strictObject({
  objects: z
    .array(z.enum(objectNames as [ObjectName, ...ObjectName[]]))
    .min(1)
    .optional()
    .describe('Changes of these objects; of every one that the caller may read when absent.'),
  filter: FilterInput.optional().describe('Of one object: changes to what it is true of, before or after them.'),
  since: z
    .string()
    .max(64)
    .optional()
    .describe('A position that an answer carried: what came behind it is told first.'),
});

/** What somebody may be told of the log, and wants to be. */
export interface Watch {
  readonly scope: Scope;
  readonly since?: Position;
  /** Watches of one key want the same. */
  readonly key: string;
  wants(event: ToldEvent): boolean;
  /** What it wants has one of these; undefined when its filter says no such thing. */
  readonly anyOf?: ObjectKeys | undefined;
}

/** Name of the operation, for metrics and refusals. */
export const watchName = 'changes.watch';

/** Authorises a live stream and makes its filter ready. Throws FORBIDDEN, or INVALID with the place of the fault. */
export function watchOf(scope: Scope, input: unknown): Watch {
  const asked = parsed(input);
  const objects = permitted(scope, asked.objects);
  const filter = asked.filter === undefined ? undefined : filterOf(scope, objects, asked.filter);
  const tests = new Map(objects.map((object) => [object as string, filter?.holds]));
  return {
    scope,
    key: JSON.stringify([scope.key, objects, asked.filter ?? null]),
    ...(asked.since === undefined ? {} : { since: positionIn(asked.since) }),
    anyOf: filter?.anyOf,
    wants(event) {
      const { object, tenant } = event.change;
      if (!tests.has(object) || !sees(scope, tenant)) return false;
      const holds = tests.get(object);
      const meant = !holds || holds(event.after ?? none) || (event.before !== undefined && holds(event.before));
      return meant && (event.change.change !== 'modified' || changedIn(scope, event).length > 0);
    },
  };
}

const none: Value = {};

/** Names of the attributes that a modification changed, as far as the scope sees them. */
export function changedIn(scope: Scope, { change }: ToldEvent): readonly string[] {
  if (change.change !== 'modified') return [];
  const hidden = hiddenFrom(scope, definitionOf(change.object)).filter(({ length }) => length === 1);
  return Object.keys(change.reversePatch ?? none).filter((name) => !hidden.some(([first]) => first === name));
}

function parsed(input: unknown): z.output<typeof WatchInput> {
  const result = WatchInput.safeParse(input, { error: wording });
  if (!result.success) throw inputFault(result.error);
  return result.data;
}

function permitted(scope: Scope, asked: readonly ObjectName[] | undefined): readonly ObjectName[] {
  const permissionOf = (object: ObjectName) => `${definitionOf(object).collection}:read`;
  const readable = objectNames.filter((object) => scope.permissions.has(permissionOf(object)));
  const refused = asked?.find((object) => !readable.includes(object));
  if (refused)
    throw new Fault('FORBIDDEN', `${watchName} of ${refused} needs the permission ${permissionOf(refused)}.`);
  if (readable.length === 0) throw new Fault('FORBIDDEN', `${watchName} needs the permission to read some object.`);
  return asked ? objectNames.filter((object) => asked.includes(object)) : readable;
}

function filterOf(
  scope: Scope,
  objects: readonly ObjectName[],
  asked: NonNullable<z.output<typeof WatchInput>['filter']>,
): { readonly holds: Predicate; readonly anyOf: ObjectKeys | undefined } | undefined {
  if (objects.length !== 1)
    throw invalid('A filter is over the attributes of one object: name exactly one in objects.', 'filter');
  const definition = definitionOf(objects[0]!);
  const filter = readFilter(definition, asked);
  if (!filter) return undefined;
  refuseHidden(scope, definition, filter);
  const keys = keysOfFilter(definition, filter);
  return { holds: compileFilter(definition, filter), anyOf: keys && { object: definition.name, keys } };
}

function positionIn(since: string): Position {
  const position = parsePosition(since);
  if (!position)
    throw invalid('This is no position; answers carry them as X-Netweave-Position or `position`.', 'since');
  return position;
}
