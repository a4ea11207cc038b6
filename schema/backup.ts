import { z } from 'zod';
import { InventorySubscription } from './inventory/inventory-subscription.js';
import { defineObject } from './object.js';

/** Layout of each kind of line. A release reads what it and older ones wrote, and refuses what is newer. */
export const backupSchemas = { InventorySubscription: 2, deadLetter: 1 } as const;

/** What every page says of where it is from; the first line of a file. */
export const BackupHeader = z
  .strictObject({
    format: z.int32().min(1).describe('Version of the file format.'),
    version: z.string().max(64).describe('The netweave that wrote it.'),
    oCloudId: z.string().max(255).describe('The O-Cloud it is of: every id is derived from it.'),
    schemas: z.record(z.string().max(64), z.int32().min(1)).describe('Layout of each kind of line.'),
    key: z.string().max(64).describe('Fingerprint of the key that the secrets in it are sealed with.'),
    backupId: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Names this backup and no other; older releases gave none.'),
  })
  .meta({ id: 'BackupHeader', description: 'Where a backup is from.' });
export type BackupHeader = z.output<typeof BackupHeader>;

/** A page of what the gateway owns. */
export const BackupPage = z
  .object({
    header: BackupHeader,
    lines: z.array(z.string()).describe('Documents, each as JSON.'),
    next: z.string().optional().describe('For `after`, to read on; absent on the last page.'),
  })
  .meta({ id: 'BackupPage', description: 'A page of what the gateway owns.' });
export type BackupPage = z.output<typeof BackupPage>;

const count = (description: string) => z.int32().min(0).describe(description);

/** Most subscriptions of a page that are named because they stand differently. */
export const mostNamed = 10;

/** What became of the lines of a page. */
export const Restored = z
  .object({
    created: count('Subscriptions that were not there.'),
    replaced: count('Subscriptions that stood differently.'),
    unchanged: count('Subscriptions that stood like this.'),
    differing: count('Subscriptions that stand differently, and were left so.'),
    differingIds: z.array(z.string()).max(mostNamed).describe('Which these are, the first ten.'),
    duplicates: count('Subscriptions left out: another one has the same callback, filter and consumerSubscriptionId.'),
    deadLetters: count('Dead letters that came back with their subscription.'),
  })
  .meta({ id: 'Restored', description: 'What became of the lines of a page.' });
export type Restored = z.output<typeof Restored>;

const Text = z.string().min(1).max(255);
const Json = z.record(z.string(), z.json());

/** A subscription with what belongs to it, so that neither is ever there without the other. */
const SubscriptionLine = z.strictObject({
  kind: z.literal('InventorySubscription'),
  id: Text,
  tenant: z.string().nullable(),
  value: InventorySubscription.model.strict(),
  /** Sealed. */
  secret: z.string(),
  /** Where its deliveries stood. */
  delivery: Json,
});
export type SubscriptionLine = z.output<typeof SubscriptionLine>;

const DeadLetterLine = z.strictObject({
  kind: z.literal('deadLetter'),
  id: z.string().regex(/^[^/]{1,255}\/\d{16}$/, 'Needs the id of a subscription, a slash and 16 digits.'),
  value: Json,
});
export type DeadLetterLine = z.output<typeof DeadLetterLine>;

export const BackupLine = z.discriminatedUnion('kind', [SubscriptionLine, DeadLetterLine]);
export type BackupLine = z.output<typeof BackupLine>;

/** The subject of the operations that read and write back what the gateway owns; no rows stand behind it. */
export const Backup = defineObject({
  name: 'Backup',
  collection: 'backup',
  key: 'next',
  model: BackupPage,
  relations: {},
  presenters: [],
});
