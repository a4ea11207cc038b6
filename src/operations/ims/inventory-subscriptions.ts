import { z } from 'zod';
import { DeadLetterPage, Delivery, DeliveryTest, Replay, SigningSecret } from '#schema/delivery.js';
import { invalid } from '#schema/errors.js';
import { InventorySubscriptionWritable } from '#schema/inventory/inventory-subscription.js';
import { objects } from '#schema/objects.js';
import { patchOf } from '#schema/patch.js';
import type { ReplayOf } from '#subscriptions/delivery/deliveries.js';
import { operation, type Call, type ValueAnswer } from '../operation.js';
import { get, list } from '../standard.js';

const id = z.string().min(1).max(255).describe('The subscription.');
const object = objects.InventorySubscription;
const { apiMajor: _fixed, ...changeable } = InventorySubscriptionWritable.shape;
const hour = 3_600_000;

/** Operations that change how one subscription is delivered. */
const mutation = { object, kind: 'mutation', audit: 'durable' } as const;
/** Operations that tell how one subscription is delivered. */
const query = { object, kind: 'query', audit: 'none', permission: 'inventorySubscriptions:read' } as const;

export const inventorySubscriptions = [
  list(object),
  get(object),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.create',
    verb: 'create',
    permission: 'inventorySubscriptions:create',
    input: z.strictObject({ value: InventorySubscriptionWritable.strict() }),
    summary: 'Subscribes a callback to changes of the inventory, once it has answered.',
    run: (call, { value }) => call.subscriptions.create(call, value),
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.update',
    verb: 'update',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({ id, patch: patchOf(z.object(withoutDefaults(changeable))) }),
    summary: 'Changes a subscription; what was not sent yet is judged by the new filter.',
    run: (call, input) => call.subscriptions.update(call, input.id, input.patch),
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.delete',
    verb: 'delete',
    permission: 'inventorySubscriptions:delete',
    input: z.strictObject({ id }),
    summary: 'Ends a subscription; nothing is sent any more.',
    run: (call, input) => call.subscriptions.delete(call, input.id),
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.pause',
    verb: 'pause',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({ id }),
    summary: 'Sends nothing until resumed; what changes meanwhile stays owed as long as the log reaches back.',
    run: (call, input) => call.subscriptions.pause(call, input.id),
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.resume',
    verb: 'resume',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({ id }),
    summary: 'Goes on where a paused or disabled subscription stopped.',
    run: (call, input) => call.subscriptions.resume(call, input.id),
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.test',
    verb: 'test',
    field: 'testInventorySubscription',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({ id }),
    output: DeliveryTest,
    summary: 'Posts a notification of no change to the callback, once, and says what came of it.',
    run: async (call, input) => {
      const subscriber = call.subscriptions.found(call, input.id);
      return told(call, await call.subscriptions.deliveries.test(subscriber, call.signal));
    },
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.rotateSecret',
    verb: 'rotateSecret',
    field: 'rotateInventorySubscriptionSecret',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({
      id,
      overlapHours: z
        .number()
        .min(0)
        .max(720)
        .default(24)
        .describe('How long the previous secret signs along, hours. The two newest do at most: older ones end early.'),
    }),
    output: SigningSecret,
    summary: 'Makes a new signing secret and shows it this once.',
    run: async (call, input) => {
      const value = await call.subscriptions.rotateSecret(call, input.id, input.overlapHours * hour);
      return told(call, value);
    },
  }),
  operation({
    ...mutation,
    name: 'inventorySubscriptions.replay',
    verb: 'replay',
    field: 'replayInventorySubscription',
    permission: 'inventorySubscriptions:update',
    input: z.strictObject({
      id,
      since: z.string().max(64).optional().describe('A place in the log, or a time (RFC 3339): all since then again.'),
      deadLetters: z.array(z.string().max(255)).max(1000).optional().describe('These dead letters again.'),
      allDeadLetters: z.boolean().optional().describe('Every dead letter again.'),
    }),
    output: Replay,
    summary: 'Sends again what was given up, or everything since a place or a time.',
    run: async (call, input) => {
      const subscriber = call.subscriptions.readable(call, input.id);
      const value = await call.subscriptions.deliveries.replay(subscriber, replayOf(input), call.signal);
      return told(call, value);
    },
  }),
  operation({
    ...query,
    name: 'inventorySubscriptions.delivery',
    verb: 'delivery',
    input: z.strictObject({ id }),
    output: Delivery,
    summary: 'Tells how the notifications of a subscription are doing.',
    run: async (call, input) => {
      const subscriber = call.subscriptions.found(call, input.id);
      return told(call, await call.subscriptions.deliveries.status(subscriber));
    },
  }),
  operation({
    ...query,
    name: 'inventorySubscriptions.deadLetters',
    verb: 'deadLetters',
    input: z.strictObject({
      id,
      after: z
        .string()
        .regex(/^\d{16}$/, 'Needs 16 digits: the `next` of an earlier page.')
        .optional()
        .describe('`next` of an earlier page.'),
      first: z.int().min(1).max(100).default(20).describe('How many at most.'),
    }),
    output: DeadLetterPage,
    summary: 'Lists the notifications of a subscription that were given up.',
    run: async (call, { id: of, ...page }) => {
      const { id: found } = call.subscriptions.readable(call, of);
      const value = await call.subscriptions.deliveries.deadLetters(found, page as { first: number; after?: string });
      return told(call, value);
    },
  }),
] as const;

function told(call: Call, value: object): ValueAnswer {
  return { kind: 'value', value, position: call.view.position(), gaps: [] };
}

/** A patch says only what it changes. */
function withoutDefaults<S extends z.ZodRawShape>(shape: S) {
  const entries = Object.entries(shape).map(([name, schema]) => {
    const described = schema as z.ZodType;
    return [name, described instanceof z.ZodDefault ? (described.unwrap() as z.ZodType) : described] as const;
  });
  return Object.fromEntries(entries) as unknown as {
    readonly [K in keyof S]: S[K] extends z.ZodDefault<infer T> ? T : S[K];
  };
}

interface ReplayInput {
  readonly since?: string | undefined;
  readonly deadLetters?: readonly string[] | undefined;
  readonly allDeadLetters?: boolean | undefined;
}

function replayOf({ since, deadLetters, allDeadLetters }: ReplayInput): ReplayOf {
  const said = [since !== undefined, deadLetters !== undefined, allDeadLetters === true].filter(Boolean).length;
  if (said !== 1)
    throw invalid('Exactly one of since, deadLetters and allDeadLetters says what to send again.', 'since');
  if (since !== undefined) return { since };
  return { deadLetters: deadLetters ?? 'all' };
}
