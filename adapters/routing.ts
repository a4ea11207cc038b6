import { Fault } from '#schema/errors.js';
import { compileFilter, type Predicate } from '#schema/filter/compile.js';
import { parseModelFilter } from '#schema/filter/parse.js';
import { definitionOf, type ObjectName } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import { NothingSent } from './kit/guard.js';

/** A rule of the configuration: which instance takes new objects. */
export interface RoutingRule {
  readonly object: string;
  /** SOL 013 expression over the new object's attributes. */
  readonly filter?: string | undefined;
  /** Higher goes first; equal ones in the order of the configuration. */
  readonly priority: number;
  readonly instance: string;
  /** `first`: it ends here. `fallback`: another one takes over when this one is away. */
  readonly strategy: 'first' | 'fallback';
}

/** Who could take a new object. */
export interface Takers {
  /** Instances that can create it. */
  readonly able: readonly string[];
  /** Instances of which it is not known, because they are away. */
  readonly absent: readonly string[];
}

/** Where creates go. */
export interface Routing {
  /**
   * The instances to ask for a new object, one after the other: those of the rules that match, down to the first rule that
   * does not fall back. Where no rule is left, the only other one that is able; without any rule that is the whole list.
   */
  forCreate(object: ObjectName, value: Value, takers: Takers): readonly string[];
}

/** Throws Fault INVALID for a filter that cannot be read. */
export function routing(rules: readonly RoutingRule[]): Routing {
  const compiled = rules
    .map((rule, at) => ({ ...rule, matches: predicateOf(rule, at) }))
    .sort((a, b) => b.priority - a.priority);
  return {
    forCreate(object, value, { able, absent }) {
      const chosen = new Set<string>();
      for (const { object: named, instance, strategy, matches } of compiled) {
        if (named !== object || !(able.includes(instance) || absent.includes(instance)) || !matches(value)) continue;
        chosen.add(instance);
        if (strategy === 'first') return [...chosen];
      }
      const others = able.filter((each) => !chosen.has(each));
      return others.length === 1 ? [...chosen, ...others] : [...chosen];
    },
  };
}

/** Asks one instance after the other, for as long as it is sure that nothing reached the one before. */
export async function firstToTake<T>(instances: readonly string[], take: (instance: string) => Promise<T>): Promise<T> {
  const [instance, ...others] = instances;
  try {
    return await take(instance!);
  } catch (error) {
    if (others.length === 0 || !(error instanceof NothingSent)) throw error;
    return firstToTake(others, take);
  }
}

function predicateOf(rule: RoutingRule, at: number): Predicate {
  try {
    return matcherOf(rule);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const place = { ...error.detail, at: `routing[${at}].filter` };
    throw new Fault('INVALID', `routing[${at}].filter: ${error.message}`, place, error);
  }
}

/** What a rule is for. Throws Fault INVALID for a filter that cannot be read. */
export function matcherOf({ object, filter: text }: Pick<RoutingRule, 'object' | 'filter'>): Predicate {
  if (text === undefined) return () => true;
  const definition = definitionOf(object);
  const filter = parseModelFilter(text, definition.model);
  return filter ? compileFilter(definition, filter) : () => true;
}
