import { z } from 'zod';
import type { ObjectDefinition } from '#schema/object.js';
import type { Operation } from '../../operations/operation.js';
import { FilterInput } from '../../operations/filter-input.js';
import { ListInput } from '../../operations/standard.js';
import type { OwnRoute } from './routes.js';

/** What a route takes, for the document only: nothing is ever parsed with it. Path parameter, query and body in one. */
export function describedInput({ operation }: OwnRoute): z.ZodObject {
  const { verb, object } = operation;
  switch (verb) {
    case 'list':
      return listQuery(object);
    case 'create':
      return part(operation, 'value');
    case 'update':
      return z.strictObject({ id: idOf(operation), ...part(operation, 'patch').shape });
    case 'get':
      return z.strictObject(object.singleton ? {} : { id: z.string().describe(`Identifies the ${object.name}.`) });
    default:
      return operation.input as z.ZodObject;
  }
}

/** What a route answers with. */
export function describedOutput({ operation }: OwnRoute): z.ZodType {
  const { verb, object, output } = operation;
  const { model } = object;
  if (output) return output;
  if (verb === 'get') return model;
  const position = z.string();
  if (verb !== 'list') {
    return z.object({
      id: z.string(),
      value: model.nullable().describe('The object after the write.'),
      position: position.describe('Place in the log from which every reader sees the write.'),
    });
  }
  return z.object({
    items: z.array(model),
    next: z.string().optional().describe('Marker of the next page, for `after`; absent on the last one.'),
    position: position.describe('Place in the log up to which the page is true.'),
    incomplete: z.array(z.string()).optional().describe('Backends whose part may be missing or old.'),
  });
}

/** The library shows the description of what an optional is around, not that of the optional. */
function listQuery({ parent }: ObjectDefinition): z.ZodObject {
  const { after, page, first } = ListInput.shape;
  const under = z.string().describe('Only what is listed under this one.').optional();
  return z.strictObject({
    ...(parent === undefined ? {} : { [parent]: under }),
    filter: z.string().describe(FilterInput.description!).optional(),
    orderBy: z
      .string()
      .describe('An attribute (`name`), after a `-` in descending order; id order when absent.')
      .optional(),
    after: after.unwrap().describe(after.description!).optional(),
    page: page.unwrap().describe(page.description!).optional(),
    first: first.unwrap().describe(first.description!).optional(),
  });
}

function part(operation: Operation, name: string): z.ZodObject {
  return (operation.input as z.ZodObject).shape[name] as z.ZodObject;
}

function idOf(operation: Operation): z.ZodType {
  return (operation.input as z.ZodObject).shape['id'] as z.ZodType;
}
