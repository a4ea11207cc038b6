import type { z } from 'zod';
import { invalid } from './errors.js';
import { parsePath } from './filter/attribute-path.js';
import { levelOf, noAttribute, type Level, type Place } from './level.js';
import { isSimple } from './paths.js';
import type { Presenter } from './presenter.js';
import { keyOf, shownOf, type Shown } from './shown.js';
import { spellingOf, type Spelling } from './spelling.js';

/** The attribute selectors of a request (SOL 013 5.3), percent-decoded: each text of a list parameter that was sent. */
export interface SelectorQuery {
  readonly all_fields?: string;
  readonly fields?: readonly string[];
  readonly exclude_fields?: readonly string[];
  readonly exclude_default?: string;
}

/** What of an object is shown in one API. */
export interface Selector {
  /** Equal for selectors that show the same: `default`, `all` or a text that says what differs from `all`. */
  readonly key: string;
  readonly shown: Shown;
}

/** Paths by their names: what is listed whole, and what is listed in part. */
type Listed = Map<string, Listed | 'whole'>;

/** The last place of a path; throws INVALID when the type has no such path. */
function placeOf(level: Level, names: readonly string[], at: string, position: number): Place {
  let [inside, place] = [level, undefined as Place | undefined];
  for (const [depth, name] of names.entries()) {
    if (depth > 0) inside = inside.below(names[depth - 1]!);
    place = inside.find(name);
    if (!place) throw invalid(noAttribute(level, names), at, position);
  }
  return place!;
}

function list(paths: Listed, [name, ...rest]: readonly string[]): void {
  const known = paths.get(name!);
  if (known === 'whole') return;
  const below: Listed = known ?? new Map();
  paths.set(name!, rest.length === 0 ? 'whole' : below);
  if (rest.length > 0) list(below, rest);
}

/** Reads lists `a,b/c` or `(a,b/c)`; what is excluded must not be mandatory. */
function listed(texts: readonly string[], at: 'fields' | 'exclude_fields', level: Level): Listed {
  const paths: Listed = new Map();
  for (const text of texts) {
    const open = text.startsWith('(');
    if (open !== text.endsWith(')'))
      throw invalid('The parentheses around the list are not closed.', at, open ? text.length : 0);
    let position = Number(open);
    for (const path of (open ? text.slice(1, -1) : text).split(',')) {
      const names = parsePath(path, at, position);
      const { mandatory } = placeOf(level, names, at, position);
      if (mandatory && at === 'exclude_fields')
        throw invalid(`'${path}' is mandatory and cannot be excluded.`, at, position);
      list(paths, names);
      position += path.length + 1;
    }
  }
  return paths;
}

/** The mandatory attributes, single values, and what is listed. */
function only(paths: Listed, level: Level): Shown {
  const members = new Map<string, Shown>();
  for (const name of level.named) {
    const { mandatory, attribute } = level.find(name)!;
    if (mandatory || isSimple(attribute)) members.set(name, true);
  }
  for (const [name, below] of paths) members.set(name, below === 'whole' || only(below, level.below(name)));
  return { rest: false, members };
}

function without(paths: Listed): Shown {
  return {
    rest: true,
    members: new Map([...paths].map(([name, below]) => [name, below !== 'whole' && without(below)])),
  };
}

/** All but the default-excluded attributes that are not listed. */
function byDefault({ defaultExcluded }: Presenter, paths: Listed, level: Level): Shown {
  const members = new Map<string, Shown>(defaultExcluded.map((name) => [name, false]));
  for (const [name, below] of paths) members.set(name, below === 'whole' || only(below, level.below(name)));
  return { rest: true, members };
}

/** The same said in one way: what differs from showing everything. */
function selector(shown: Shown, spelling: Spelling): Selector {
  const differing = [...spelling.keys()]
    .map((name) => [name, shownOf(shown, name)] as const)
    .filter(([, member]) => member !== true);
  const normal: Shown = differing.length === 0 || { rest: true, members: new Map(differing) };
  return { key: keyOf(normal), shown: normal };
}

const standing = new WeakMap<Spelling, readonly [standard: Selector, all: Selector]>();

/** `default` and `all`: always the same two of a presenter, so that what is made for them is kept. */
function standingOf(presenter: Presenter, spelling: Spelling): readonly [standard: Selector, all: Selector] {
  const known = standing.get(spelling);
  if (known) return known;
  const { shown } = selector(byDefault(presenter, new Map(), levelOf(spelling)), spelling);
  const both = [
    { key: 'default', shown },
    { key: 'all', shown: true },
  ] as const;
  standing.set(spelling, both);
  return both;
}

/** `all_fields`, `all_fields=` and `all_fields=true` are one (contract 1.9). */
function flag(value: string | undefined, at: string): boolean {
  if (value === undefined || value === 'false') return false;
  if (value !== '' && value !== 'true') throw invalid(`'${at}' is a flag and takes no value.`, at, 0);
  return true;
}

/** The parameters that were sent, in the order in which a fault names them. */
function given(query: SelectorQuery): readonly string[] {
  const sent = {
    all_fields: flag(query.all_fields, 'all_fields'),
    exclude_fields: (query.exclude_fields ?? []).length > 0,
    fields: (query.fields ?? []).length > 0,
    exclude_default: flag(query.exclude_default, 'exclude_default'),
  };
  return Object.entries(sent).flatMap(([name, present]) => (present ? [name] : []));
}

/**
 * Which attributes a request asks for. Throws INVALID for what SOL 013 5.3 does not allow together, and for unknown
 * names.
 */
export function parseSelector(query: SelectorQuery, presenter: Presenter, model: z.ZodObject): Selector {
  const spelling = spellingOf(presenter, model);
  const level = levelOf(spelling);
  const [standard, all] = standingOf(presenter, spelling);
  const [first, second] = given(query);
  if (second !== undefined && first !== 'fields')
    throw invalid(`'${second}' cannot stand beside '${first}'.`, second, 0);
  if (first === undefined || first === 'exclude_default') return standard;
  if (first === 'all_fields') return all;
  let shown: Shown;
  if (first === 'exclude_fields') shown = without(listed(query.exclude_fields!, first, level));
  else {
    const fields = listed(query.fields!, 'fields', level);
    shown = second === undefined ? only(fields, level) : byDefault(presenter, fields, level);
  }
  const made = selector(shown, spelling);
  return [standard, all].find((each) => keyOf(each.shown) === made.key) ?? made;
}
