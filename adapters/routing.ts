import { attributeAt } from '#schema/paths.js';
import { compileFilter, type Predicate } from '#schema/filter/compile.js';
import { parseFilter } from '#schema/filter/parse.js';
import { definitionOf, type ObjectName } from '#schema/objects.js';
import type { Value } from '#schema/change.js';

/** A rule of the configuration: which instance takes new objects. */
export interface RoutingRule {
  readonly object: string;
  /** SOL 013 expression over the new object's attributes. */
  readonly filter?: string;
  /** Higher goes first. */
  readonly priority: number;
  readonly instance: string;
}

/** Where creates go. */
export interface Routing {
  /** The instance for a new object among those that could take it: the first rule that matches, or the only one able. */
  forCreate(object: ObjectName, value: Value, able: readonly string[]): string | undefined;
}

export function routing(rules: readonly RoutingRule[]): Routing {
  const compiled = [...rules].sort((a, b) => b.priority - a.priority).map((rule) => ({ ...rule, matches: predicateOf(rule) }));
  return {
    forCreate(object, value, able) {
      const rule = compiled.find((each) => each.object === object && able.includes(each.instance) && each.matches(value));
      return rule?.instance ?? (able.length === 1 ? able[0] : undefined);
    },
  };
}

function predicateOf(rule: RoutingRule): Predicate {
  if (rule.filter === undefined) return () => true;
  const definition = definitionOf(rule.object);
  const filter = parseFilter([rule.filter], (path) => (attributeAt(definition.model, path) ? path : undefined));
  return filter ? compileFilter(definition, filter) : () => true;
}
