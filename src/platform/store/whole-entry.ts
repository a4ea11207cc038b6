import { Fault } from '#schema/errors.js';
import type { Entry } from './store.js';

/** Throws Fault INTERNAL for an entry that has no state and is no deletion, or the other way round. */
export function demandWhole({ change, object, id, after }: Entry): void {
  if ((change === 'deleted') === (after === undefined)) return;
  const fault = after === undefined ? 'lacks the state after it' : 'has a state after it';
  throw new Fault('INTERNAL', `Entry '${change}' of ${object} '${id}' ${fault}.`);
}
