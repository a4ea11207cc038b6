import { randomUUID } from 'node:crypto';
import { Fault, invalid } from '#schema/errors.js';
import type { Value } from '#schema/change.js';
import type { SigningSecret } from '#schema/delivery.js';
import type { CallbackCredentials, InventorySubscriptionWritable } from '#schema/inventory/inventory-subscription.js';
import { later, type Position } from '#schema/position.js';
import { systemTenant } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import type { Backups } from '#subscriptions/backups.js';
import { claimOf } from '#subscriptions/claim.js';
import type { Deliveries } from '#subscriptions/delivery/deliveries.js';
import type { Shown } from '#subscriptions/delivery/secrets.js';
import { claimant, type Owned } from '#subscriptions/owned.js';
import type { Row } from '../inventory/row.js';
import { demandCertificate } from './callback-certificate.js';
import type { Call, WrittenAnswer } from './operation.js';
import { found, readable, refuseUnreadable } from './subscription-found.js';
import type { TakePlace } from './subscription-quota.js';

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
  /** Makes a new signing secret; the previous one, if it could be read, signs along for `overlap` milliseconds. */
  rotateSecret(call: Call, id: string, overlap: number): Promise<SigningSecret>;
  /** The subscription, if the caller may see it: what everything about its deliveries begins with. */
  found(call: Call, id: string): Row;
  /** The same, if the caller may also read all that it tells of: for what shows notifications, or has them sent again. */
  readable(call: Call, id: string): Row;
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
  /** Whether what a subscription of this major refers to can be read. */
  serves(apiMajor: string): boolean;
  readonly takePlace: TakePlace;
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
    readable,
    create: (call, value) => create(around, call, value),
    update: (call, id, patch) => update(around, call, id, patch),
    delete: (call, id) => remove(around, call, id),
    pause: (call, id) =>
      rewrite(around, call, id, ({ value }) => ({ ...value, state: 'paused', stateReason: 'Paused by the consumer.' })),
    resume: (call, id) =>
      rewrite(around, call, id, ({ value: { stateReason: _reason, ...value } }) => ({ ...value, state: 'active' })),
    rotateSecret: (call, id, overlap) => rotateSecret(around, call, id, overlap),
  };
}

async function create(
  around: Surroundings,
  call: Call,
  { credentials, ...rest }: InventorySubscriptionWritable,
): Promise<WrittenAnswer> {
  const { serves } = around;
  if (!serves(rest.apiMajor))
    throw invalid(`Version ${rest.apiMajor} is not served here; name another 'apiMajor'.`, 'apiMajor');
  const tenant = call.scope.tenant ?? systemTenant;
  const id = randomUUID();
  const shown = shownTo(rest.callback, credentials);
  const createdBy = call.principal.name;
  const value = withoutAbsent({ subscriptionId: id, ...rest, ...naming(shown), createdBy, state: 'active' });
  demandUsable(around, call, value, tenant, credentials);
  if (credentials) demandCertificate(rest.callback, credentials);
  const claim = claimOf(tenant, value);
  const leave = await placeFor(around, call, id, claim);
  try {
    await around.callbacks.verify(rest.callback, tenant, credentials, call.signal);
    const position = await begin(around, { id, tenant, value, claim, shown });
    if (position) return await written(call, id, position);
  } finally {
    leave();
  }
  throw duplicate(call, await claimant(around.store, claim));
}

/** Who asks again for what there is already is told so, whether or not there is a place for more. */
async function placeFor({ takePlace, store }: Surroundings, call: Call, id: string, claim: string) {
  try {
    return takePlace(call, id);
  } catch (error) {
    const other = await claimant(store, claim);
    throw other ? duplicate(call, other) : error;
  }
}

interface Beginning {
  readonly id: string;
  readonly tenant: string;
  readonly value: Value;
  readonly claim: string;
  readonly shown: Shown | undefined;
}

/** Undefined when there is an equal one. */
function begin(around: Surroundings, { id, tenant, value, claim, shown }: Beginning): Promise<Position | undefined> {
  return orForgotten(around, id, async () => {
    // Before the subscription stands: what changes from now on is owed.
    await around.deliveries.begin(id, shown);
    return around.owned.create({ object: 'InventorySubscription', id, tenant, value, claims: [claim] });
  });
}

/** Begins a subscription; one that then does not stand leaves nothing behind. */
async function orForgotten(
  { store, deliveries }: Surroundings,
  id: string,
  begin: () => Promise<Position | undefined>,
): Promise<Position | undefined> {
  let position: Position | undefined;
  try {
    position = await begin();
    return position;
  } finally {
    // A write that was not confirmed may have been made. What cannot be forgotten now, the deliverer sweeps away.
    const forget = async () => {
      const [row] = await store.objects([{ object: 'InventorySubscription', id }]);
      if (!row) await (await deliveries.ending(id))();
    };
    if (!position) await forget().catch(() => undefined);
  }
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
    const callback = (patch['callback'] ?? row.value['callback']) as string;
    const shown = shownTo(callback, given ?? undefined);
    const value = withoutAbsent({ ...row.value, ...patch, ...(given !== undefined && naming(shown)) });
    const moved = callback !== row.value['callback'];
    if (given === undefined && moved && row.value['credentialsId'] !== undefined)
      throw invalid('Give the credentials again: those that are kept are for another callback.', 'credentials');
    const used = given === undefined ? await deliveries.credentials(row) : shown?.credentials;
    demandUsable(around, call, value, row.tenant, used);
    // Those that are kept have passed, for this callback, or are of a former release: no other change is refused for them.
    if (shown) demandCertificate(callback, shown.credentials);
    await around.callbacks.verify(callback, row.tenant, used, call.signal);
    // They are shown from the moment that the row names them.
    if (shown) await deliveries.keepCredentials(row, shown);
    return value;
  });
}

async function rotateSecret(around: Surroundings, call: Call, id: string, overlap: number): Promise<SigningSecret> {
  let made: SigningSecret | undefined;
  await rewrite(around, call, id, async (row) => {
    const signingSecretId = randomUUID();
    // It signs from the moment that the row names it: of those who name one state, the row lets one through.
    made = await around.deliveries.keepSecret(row, signingSecretId, overlap);
    return { ...row.value, signingSecretId };
  });
  return made!;
}

async function remove({ owned, store, deliveries }: Surroundings, call: Call, id: string): Promise<WrittenAnswer> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = found(call, id);
    const forget = await deliveries.ending(id);
    const position = await owned.remove(row, [claimOf(row.tenant, row.value)]);
    if (position) {
      // It is gone; what cannot be forgotten now, the deliverer sweeps away.
      await forget().catch(() => undefined);
      return written(call, id, position);
    }
    await call.view.reached(await store.head(), call.signal);
  }
  throw new Fault('UNAVAILABLE', `Subscription '${id}' kept changing; try again.`, { retryAfter: 1 });
}

/** Changes the row by compare-and-set, as often as somebody else is faster. */
async function rewrite(
  { owned, store, deliveries }: Surroundings,
  call: Call,
  id: string,
  rewritten: (row: Row) => Value | Promise<Value>,
): Promise<WrittenAnswer> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = found(call, id);
    const value = await rewritten(row);
    const [before, after] = [claimOf(row.tenant, row.value), claimOf(row.tenant, value)];
    const position = await owned.change(row, value, { claims: { before: [before], after: [after] } });
    await forgetCredentials(deliveries, id, position ? [row.value, value] : [value, row.value]);
    await settleSecret(deliveries, id, [row.value, value]);
    if (position) return written(call, id, position);
    const other = after === before ? undefined : await claimant(store, after);
    if (other) throw duplicate(call, other);
    await call.view.reached(await store.head(), call.signal);
  }
  throw new Fault('CONFLICT', `Subscription '${id}' kept changing; try again.`);
}

/** Forgets those that one value names and the other does not. What is left by a fault, the next change of them takes away. */
async function forgetCredentials(
  deliveries: Deliveries,
  id: string,
  [of, stays]: readonly [Value, Value],
): Promise<void> {
  const credentialsId = of['credentialsId'] as string | undefined;
  if (credentialsId === undefined || credentialsId === stays['credentialsId']) return;
  await deliveries.dropCredentials(id, credentialsId).catch(() => undefined);
}

/** Behind a change that was to name another secret, made or not. What is left by a fault, the next rotation takes away. */
async function settleSecret(
  deliveries: Deliveries,
  id: string,
  [before, after]: readonly [Value, Value],
): Promise<void> {
  const signingSecretId = after['signingSecretId'] as string | undefined;
  if (signingSecretId === undefined || signingSecretId === before['signingSecretId']) return;
  await deliveries.settleSecret(id, signingSecretId).catch(() => undefined);
}

/** The other one is of the same tenant, for a claim is; whoever may not read it is not told which one it is. */
function duplicate({ scope }: Call, other: Awaited<ReturnType<typeof claimant>>): Fault {
  const existing = scope.permissions.has('inventorySubscriptions:read') ? other?.id : undefined;
  const named = existing === undefined ? '' : ` '${existing}'`;
  const message = `There is a subscription${named} with this callback, filter and consumerSubscriptionId.`;
  return new Fault('CONFLICT', message, { at: 'callback', ...(existing === undefined ? {} : { existing }) });
}

/** What can be said of it without asking anybody. */
function demandUsable(
  { callbacks, checkFilter }: Surroundings,
  call: Call,
  value: Value,
  tenant: string | null,
  credentials: CallbackCredentials | undefined,
): void {
  const { callback, filter, apiMajor, filterMode } = value as InventorySubscriptionWritable;
  refuseUnreadable(call, apiMajor);
  if (filter !== undefined && filter !== '') checkFilter({ filter, apiMajor, filterMode });
  if (credentials?.bearer !== undefined && credentials.oauth2)
    throw invalid('A callback is shown a bearer token or one of an authorisation server, not both.', 'credentials');
  callbacks.admit(callback, tenant);
  if (credentials?.oauth2) callbacks.admit(credentials.oauth2.tokenEndpoint, tenant);
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

function shownTo(callback: string, credentials: CallbackCredentials | undefined): Shown | undefined {
  return credentials && { credentialsId: randomUUID(), callback, credentials };
}

/** What a row says of the credentials that are shown; null for what it says no longer. */
function naming(shown: Shown | undefined): Value {
  return { authentication: kindsOf(shown?.credentials), credentialsId: shown?.credentialsId ?? null };
}

function kindsOf(credentials: CallbackCredentials | undefined): string[] {
  return (['bearer', 'oauth2', 'certificate'] as const).filter((kind) => credentials?.[kind] !== undefined);
}

function withoutAbsent(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined && each !== null));
}
