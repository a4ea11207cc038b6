import { randomUUID } from 'node:crypto';
import { Fault, invalid, notFound } from '#schema/errors.js';
import type { Value } from '#schema/change.js';
import type { CallbackCredentials, InventorySubscriptionWritable } from '#schema/inventory/inventory-subscription.js';
import { later, type Position } from '#schema/position.js';
import { systemTenant } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import type { Backups } from '#subscriptions/backups.js';
import { claimOf } from '#subscriptions/claim.js';
import type { Deliveries } from '#subscriptions/delivery/deliveries.js';
import { toldOf } from '#subscriptions/matcher/vocabulary.js';
import type { Owned } from '#subscriptions/owned.js';
import type { Row } from '../inventory/row.js';
import type { Call, WrittenAnswer } from './operation.js';

/** Whom we may call, and whether somebody answers there. */
export interface Callbacks {
  /** Throws INVALID for what is no callback, UNPROCESSABLE for one that the operator does not allow; both at `callback`. */
  admit(callback: string, tenant: string | null): void;
  /** GET must be answered 204 (contract 2.5). Throws UNPROCESSABLE at `callback` when it is not. */
  verify(
    callback: string,
    tenant: string | null,
    credentials: CallbackCredentials | undefined,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What the operations of subscriptions do; how notifications are delivered is not their business. */
export interface Subscriptions {
  create(call: Call, value: InventorySubscriptionWritable): Promise<WrittenAnswer>;
  update(call: Call, id: string, patch: Value): Promise<WrittenAnswer>;
  delete(call: Call, id: string): Promise<WrittenAnswer>;
  pause(call: Call, id: string): Promise<WrittenAnswer>;
  resume(call: Call, id: string): Promise<WrittenAnswer>;
  /** The subscription, if the caller may see it: what everything about its deliveries begins with. */
  found(call: Call, id: string): Row;
  readonly deliveries: Deliveries;
  /** All of them with what belongs to them, as lines of a file. */
  readonly backups: Backups;
}

interface Surroundings {
  readonly store: Store;
  readonly owned: Owned;
  readonly callbacks: Callbacks;
  readonly deliveries: Deliveries;
  readonly backups: Backups;
  /** Throws INVALID (at `filter`, with position) for what is no filter of this API. */
  checkFilter(of: Pick<InventorySubscriptionWritable, 'apiMajor' | 'filterMode'> & { readonly filter: string }): void;
}

const attempts = 5;

export function subscriptions(around: Surroundings): Subscriptions {
  const { deliveries, backups } = around;
  return {
    deliveries,
    backups,
    found,
    create: (call, value) => create(around, call, value),
    update: (call, id, patch) => update(around, call, id, patch),
    delete: (call, id) => remove(around, call, id),
    pause: (call, id) =>
      rewrite(around, call, id, ({ value }) => ({ ...value, state: 'paused', stateReason: 'Paused by the consumer.' })),
    resume: (call, id) =>
      rewrite(around, call, id, ({ value: { stateReason: _reason, ...value } }) => ({ ...value, state: 'active' })),
  };
}

async function create(
  around: Surroundings,
  call: Call,
  { credentials, ...rest }: InventorySubscriptionWritable,
): Promise<WrittenAnswer> {
  const { owned, deliveries } = around;
  const tenant = call.scope.tenant ?? systemTenant;
  const id = randomUUID();
  const value = withoutAbsent({ subscriptionId: id, ...rest, authentication: kindsOf(credentials), state: 'active' });
  await admit(around, call, value, tenant, credentials);
  // Before the subscription stands: what changes from now on is owed.
  await deliveries.begin(id, credentials);
  const claims = [claimOf(tenant, value)];
  const position = await owned.create({ object: 'InventorySubscription', id, tenant, value, claims });
  if (position) return written(call, id, position);
  await deliveries.end(id);
  throw duplicate();
}

function update(
  around: Surroundings,
  call: Call,
  id: string,
  { credentials, ...patch }: Value,
): Promise<WrittenAnswer> {
  const { deliveries } = around;
  const given = credentials as CallbackCredentials | null | undefined;
  return rewrite(around, call, id, async (row) => {
    const known = given === undefined ? {} : { authentication: kindsOf(given) };
    const value = withoutAbsent({ ...row.value, ...patch, ...known });
    const shown = given === undefined ? await deliveries.credentials(id) : (given ?? undefined);
    if (given === undefined && shown && value['callback'] !== row.value['callback'])
      throw invalid('Give the credentials again: those that are kept are for another callback.', 'credentials');
    await admit(around, call, value, row.tenant, shown);
    if (given !== undefined) await deliveries.changeCredentials(id, shown);
    return value;
  });
}

async function remove({ owned, store, deliveries }: Surroundings, call: Call, id: string): Promise<WrittenAnswer> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = found(call, id);
    const position = await owned.remove(row, [claimOf(row.tenant, row.value)]);
    if (position) {
      await deliveries.end(id);
      return written(call, id, position);
    }
    await call.view.reached(await store.head(), call.signal);
  }
  throw new Fault('UNAVAILABLE', `Subscription '${id}' kept changing; try again.`, { retryAfter: 1 });
}

/** Changes the row by compare-and-set, as often as somebody else is faster. */
async function rewrite(
  { owned, store }: Surroundings,
  call: Call,
  id: string,
  rewritten: (row: Row) => Value | Promise<Value>,
): Promise<WrittenAnswer> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = found(call, id);
    const value = await rewritten(row);
    const [before, after] = [claimOf(row.tenant, row.value), claimOf(row.tenant, value)];
    const position = await owned.change(row, value, { claims: { before: [before], after: [after] } });
    if (position) return written(call, id, position);
    if (after !== before && (await store.objects([{ object: 'Claim', id: after }]))[0] !== undefined) throw duplicate();
    await call.view.reached(await store.head(), call.signal);
  }
  throw new Fault('CONFLICT', `Subscription '${id}' kept changing; try again.`);
}

function duplicate(): Fault {
  const message = 'There is a subscription with this callback, filter and consumerSubscriptionId.';
  return new Fault('CONFLICT', message, { at: 'callback' });
}

function found(call: Call, id: string): Row {
  const row = call.view.get(call.scope, 'InventorySubscription', id);
  if (!row) throw notFound('InventorySubscription', id);
  return row;
}

/** Who is told of objects could as well read them. */
function refuseUnreadable({ scope }: Call, apiMajor: string): void {
  for (const definition of toldOf(apiMajor)) {
    const permission = `${definition.collection}:read`;
    if (!scope.permissions.has(permission))
      throw new Fault('FORBIDDEN', `A subscription tells of every ${definition.name}, which needs ${permission}.`);
  }
}

async function admit(
  { callbacks, checkFilter }: Surroundings,
  call: Call,
  value: Value,
  tenant: string | null,
  credentials: CallbackCredentials | undefined,
): Promise<void> {
  const { signal } = call;
  const { callback, filter, apiMajor, filterMode } = value as InventorySubscriptionWritable;
  refuseUnreadable(call, apiMajor);
  if (filter !== undefined && filter !== '') checkFilter({ filter, apiMajor, filterMode });
  if (credentials?.bearer !== undefined && credentials.oauth2)
    throw invalid('A callback is shown a bearer token or one of an authorisation server, not both.', 'credentials');
  callbacks.admit(callback, tenant);
  if (credentials?.oauth2) callbacks.admit(credentials.oauth2.tokenEndpoint, tenant);
  await callbacks.verify(callback, tenant, credentials, signal);
}

async function written(call: Call, id: string, position: Position): Promise<WrittenAnswer> {
  await call.view.reached(position, call.signal);
  const row = call.view.get(call.scope, 'InventorySubscription', id);
  return {
    kind: 'written',
    id,
    ...(row && { row }),
    position: row ? later(row.position, position) : position,
    gaps: [],
  };
}

function kindsOf(credentials: CallbackCredentials | null | undefined): string[] {
  return (['bearer', 'oauth2', 'certificate'] as const).filter((kind) => credentials?.[kind] !== undefined);
}

function withoutAbsent(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined && each !== null));
}
