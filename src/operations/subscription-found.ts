import { Fault, notFound } from '#schema/errors.js';
import { toldOf } from '#subscriptions/matcher/vocabulary.js';
import type { Row } from '../inventory/row.js';
import { demandExpected } from './expected-state.js';
import type { Call } from './operation.js';

/** The subscription, if the caller may see it, in the state that was expected. */
export function found(call: Call, id: string): Row {
  const row = call.view.get(call.scope, 'InventorySubscription', id);
  if (!row) throw notFound('InventorySubscription', id);
  demandExpected(call, row);
  return row;
}

/** The same, if the caller may also read all that it tells of. */
export function readable(call: Call, id: string): Row {
  const row = found(call, id);
  refuseUnreadable(call, row.value['apiMajor'] as string);
  return row;
}

/** Who is told of objects could as well read them. */
export function refuseUnreadable({ scope }: Call, apiMajor: string): void {
  for (const definition of toldOf(apiMajor)) {
    const permission = `${definition.collection}:read`;
    if (!scope.permissions.has(permission))
      throw new Fault('FORBIDDEN', `A subscription tells of every ${definition.name}, which needs ${permission}.`);
  }
}
