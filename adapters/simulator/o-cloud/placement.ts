import { modelFor } from './builds.js';
import { drawOf } from './draw.js';
import type { Pool } from './api.js';
import type { Change, Estate, Said } from './estate.js';

/** An id that was never given: sequence numbers are given once, over restarts too. */
export function nextId(estate: Estate, prefix: string): string {
  return `${prefix}-x${(estate.sequence + 1).toString(36)}`;
}

/** Whether an id comes from `nextId`: it names the same object for ever, in this life or any later one. */
export function isGivenOnce(id: string): boolean {
  return id.includes('-x');
}

/** What is known of new equipment; the rest is drawn. */
interface Delivery {
  readonly id?: string;
  readonly model?: string | undefined;
  readonly said?: Said;
}

/** Puts new equipment into a pool: of the model that is named, or of one that suits the pool and the next place in it. */
export function install(
  estate: Estate,
  seed: number,
  pool: Pool,
  { id = nextId(estate, 'eq'), model, said }: Delivery = {},
): Change {
  const suiting = model ?? modelFor(pool.tier, pool.purpose, estate.members(pool.id).size, drawOf(seed, id));
  return estate.put('equipment', { id, pool: pool.id, model: suiting, ...(said ? { said } : {}) });
}
