import type { z } from 'zod';
import { attributeAt, attributeOf, type Attribute } from './paths.js';
import type { Codec, Presenter } from './presenter.js';

/** An attribute of an API and where it comes from. */
export interface Spelled {
  readonly name: string;
  /** In the model's names. */
  readonly path: readonly string[];
  readonly codec?: Codec;
  /** What the API shows: the model's attribute, or what the codec makes of it. */
  readonly attribute: Attribute;
  /** Lower cardinality 1: never left out. */
  readonly mandatory: boolean;
  /** Holds objects of the same type, which are spelled by the same table. */
  readonly nested: boolean;
}

/** The attributes of a presenter by their names in its API. */
export type Spelling = ReadonlyMap<string, Spelled>;

const spellings = new WeakMap<z.ZodObject, WeakMap<Presenter, Spelling>>();

function spelled(presenter: Presenter, model: z.ZodObject, name: string): Spelled {
  const source = presenter.attributes[name]!;
  const codec = typeof source === 'string' ? undefined : source.codec;
  const path = (typeof source === 'string' ? source : source.path).split('/');
  const steps = path.map((_, depth) => attributeAt(model, path.slice(0, depth + 1)));
  const last = steps.at(-1);
  if (!last)
    throw new Error(
      `Presenter ${presenter.type} ${presenter.major}: '${name}' comes from '${path.join('/')}', which the model has not.`,
    );
  const mandatory = steps.every((step) => step?.optional === false);
  const nested = presenter.nested?.includes(name) ?? false;
  return { name, path, attribute: codec ? attributeOf(codec.shown) : last, mandatory, nested, ...(codec && { codec }) };
}

/** The attributes of a presenter by their names in its API, in the presenter's order. Throws when one leads nowhere. */
export function spellingOf(presenter: Presenter, model: z.ZodObject): Spelling {
  const known = spellings.get(model) ?? new WeakMap<Presenter, Spelling>();
  spellings.set(model, known);
  const spelling =
    known.get(presenter) ??
    new Map(Object.keys(presenter.attributes).map((name) => [name, spelled(presenter, model, name)]));
  known.set(presenter, spelling);
  return spelling;
}

/**
 * Translates a path in an API's names into the model's: through nested elements, parts of objects and keys of maps.
 * Undefined when there is no such attribute; what a codec shows has no parts.
 */
export function modelPath(
  presenter: Presenter,
  model: z.ZodObject,
  names: readonly string[],
): readonly string[] | undefined {
  const [first = '', ...rest] = names;
  const found = spellingOf(presenter, model).get(first);
  if (!found || rest.length === 0) return found?.path;
  if (found.codec) return undefined;
  const inside = found.nested ? modelPath(presenter, model, rest) : rest;
  const path = inside && [...found.path, ...inside];
  return path && attributeAt(model, path) && path;
}

/** A value of the attribute `names` as the model has it. Throws what the codec throws for a value that is none. */
export function modelValue(presenter: Presenter, model: z.ZodObject, names: readonly string[], shown: string): string {
  const [first = '', ...rest] = names;
  const found = spellingOf(presenter, model).get(first);
  if (found?.nested && rest.length > 0) return modelValue(presenter, model, rest, shown);
  return found?.codec ? found.codec.decode(shown) : shown;
}
