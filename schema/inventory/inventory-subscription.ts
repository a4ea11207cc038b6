import { z } from 'zod';
import { identifier, text } from '../attributes.js';
import { defineObject } from '../object.js';
import { asModelled } from '../presenter.js';

const ApiMajor = z.enum(['v1', 'v2']).meta({ id: 'ApiMajor', description: 'Major version of an O2 API.' });

const FilterMode = z.enum(['exclude', 'include']).meta({
  id: 'FilterMode',
  description: 'Whether a filter names what need not be reported (O2) or what is to be.',
});

const Ordering = z.enum(['strict', 'resource']).meta({
  id: 'DeliveryOrdering',
  description: 'What keeps its order: all notifications of a subscription, or those of each object.',
});

const States = z.enum(['object', 'string']).meta({
  id: 'StateForm',
  description: 'Form of the states in a notification: JSON objects, or their text in a string (O2-IMS TS).',
});

const Authentication = z.enum(['bearer', 'oauth2', 'certificate']).meta({
  id: 'CallbackAuthentication',
  description: 'How the gateway makes itself known to a callback.',
});

export const SubscriptionState = z.enum(['active', 'degraded', 'paused', 'disabled']).meta({
  id: 'SubscriptionState',
  description:
    'degraded: notifications fail or were lost and are tried on; paused: by the consumer; disabled: by the callback (410) or after failing for too long.',
});

const callback = text('URI that notifications are posted to.', 2048);
const filter = text(
  'Which events need not be reported (ETSI NFV-SOL 013 5.2, over objectType, notificationEventType and the attributes of the object); empty: none.',
  8192,
);

const model = z
  .object({
    subscriptionId: identifier('Identifies the subscription.'),
    consumerSubscriptionId: text('Identifier of the consumer, echoed in notifications.', 255)
      .optional()
      .meta({ index: true }),
    filter: filter.optional(),
    callback,
    apiMajor: ApiMajor.describe('The API in whose spelling objects are told.'),
    filterMode: FilterMode.describe('How `filter` is meant.'),
    ordering: Ordering.describe('What keeps its order.'),
    states: States.describe('Form of the states.'),
    authentication: z
      .array(Authentication)
      .describe('How the gateway makes itself known; what it uses is never shown.'),
    credentialsId: text('Tells which credentials are shown: another one whenever they are replaced.', 255).optional(),
    signingSecretId: text(
      'Tells which secret signs: another one whenever it is rotated; absent before that.',
      255,
    ).optional(),
    createdBy: text('Name of the client that made it; absent where that was not noted yet.', 255).optional(),
    state: SubscriptionState.describe('How it is doing.'),
    stateReason: text('Why it is not active.').optional(),
  })
  .meta({
    id: 'InventorySubscription',
    description: 'A subscription to changes of the inventory (InventorySubscriptionInfo, O2-IMS TS 3.2).',
  });

const shared = {
  type: 'InventorySubscriptionInfo',
  routes: {
    list: '/subscriptions',
    get: '/subscriptions/{subscriptionId}',
    create: '/subscriptions',
    delete: '/subscriptions/{subscriptionId}',
  },
  // The last one is ours: that a subscription is no longer active must be seen, by who asks for all attributes.
  attributes: asModelled('subscriptionId', 'consumerSubscriptionId', 'filter', 'callback', 'stateReason'),
  defaultExcluded: ['stateReason'],
};

export const InventorySubscription = defineObject({
  name: 'InventorySubscription',
  collection: 'inventorySubscriptions',
  key: 'subscriptionId',
  owned: true,
  model,
  relations: {},
  presenters: [
    { api: 'o2ims-infrastructureInventory', major: 'v2', ...shared, creates: { apiMajor: 'v2' } },
    { api: 'o2ims-infrastructureInventory', major: 'v1', ...shared, creates: { apiMajor: 'v1' } },
  ],
});

const secret = (description: string) => z.string().min(1).max(65_536).describe(description);

/** What the gateway shows to a callback. Written only: kept encrypted, never read again. */
export const CallbackCredentials = z
  .strictObject({
    bearer: z
      .string()
      .regex(/^[A-Za-z0-9\-._~+/]{1,16384}=*$/, 'Needs a token of RFC 6750: letters, digits and -._~+/ only.')
      .describe('A token to send as it is.')
      .optional(),
    oauth2: z
      .strictObject({
        tokenEndpoint: text('Where tokens are had (client credentials, RFC 6749 4.4).', 2048),
        clientId: z.string().min(1).max(1024).describe('Our name there.'),
        clientSecret: secret('Our secret there.'),
        scope: text('Scopes to ask for, separated by spaces.', 1024).optional(),
      })
      .meta({ id: 'CallbackOauth2', description: 'A token of an authorisation server.' })
      .optional(),
    certificate: z
      .strictObject({
        certificate: secret('PEM: the client certificate and its intermediates.'),
        key: secret('PEM: its private key, not encrypted.'),
        authority: secret('PEM: who must have signed the certificate of the callback.').optional(),
      })
      .meta({ id: 'CallbackCertificate', description: 'A client certificate (mTLS), shown over https only.' })
      .optional(),
  })
  .meta({ id: 'CallbackCredentials', description: 'What the gateway shows to a callback.' });
export type CallbackCredentials = z.output<typeof CallbackCredentials>;

/** What a consumer writes of a subscription. */
export const InventorySubscriptionWritable = z.object({
  callback,
  consumerSubscriptionId: model.shape.consumerSubscriptionId,
  filter: filter.optional(),
  apiMajor: ApiMajor.default('v2').describe('The API in whose spelling objects are told.'),
  filterMode: FilterMode.default('exclude').describe('How `filter` is meant.'),
  ordering: Ordering.default('strict').describe('What keeps its order.'),
  states: States.default('object').describe('Form of the states.'),
  credentials: CallbackCredentials.optional(),
});
export type InventorySubscriptionWritable = z.output<typeof InventorySubscriptionWritable>;
