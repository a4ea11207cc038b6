import { printSchema } from 'graphql';
import { allOperations } from '../../operations/operations.js';
import { schemaOf } from './schema.js';

/** The schema as text, as `schema/schema.graphql` holds it. */
export function sdl(): string {
  return `${printSchema(schemaOf(allOperations))}\n`;
}
