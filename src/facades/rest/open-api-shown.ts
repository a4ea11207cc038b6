import { z } from 'zod';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';
import type { Presenter } from '#schema/presenter.js';
import { spellingOf, type Spelled } from '#schema/spelling.js';

/** What a presenter shows of an object, as a schema: its names, the model's types, optional what a selector can leave out. */
export function shownSchema(definition: ObjectDefinition, presenter: Presenter): z.ZodObject {
  const { model } = definition;
  const shape = Array.from(
    spellingOf(presenter, model).values(),
    (spelled) => [spelled.name, attribute(spelled)] as const,
  );
  const shown: z.ZodObject = z
    .object(Object.fromEntries(shape))
    .meta({ id: presenter.type, description: descriptionOf(model) });
  return shown;

  function attribute(spelled: Spelled): z.ZodType {
    const schema = spelled.nested ? nested(spelled) : (spelled.codec?.shown ?? at(model, spelled.path));
    return spelled.mandatory || schema instanceof z.ZodOptional ? schema : schema.optional();
  }

  function nested({ path, attribute: { list } }: Spelled): z.ZodType {
    const one = z.lazy(() => shown);
    return (list ? z.array(one) : one).describe(descriptionOf(at(model, path)) ?? '');
  }
}

/** The schema that stands at a path of a model, with its optional and its description still on. */
function at(model: z.ZodObject, path: readonly string[]): z.ZodType {
  const outer = path.length === 1 ? model : (attributeAt(model, path.slice(0, -1))!.schema as z.ZodObject);
  return outer.shape[path.at(-1)!] as z.ZodType;
}

function descriptionOf(schema: z.ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.description;
}
