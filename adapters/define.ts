import type { z } from 'zod';
import type { Adapter } from './contract.js';

/** Declares a backend; types its configuration from the model. */
export function defineAdapter<C extends z.ZodType>(adapter: Adapter<C>): Adapter<C> {
  return Object.freeze(adapter);
}
