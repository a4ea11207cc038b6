import { z } from 'zod';
import { identifier, text } from './attributes.js';

const instant = (description: string) => z.iso.datetime().describe(description);
const count = (description: string) => z.number().min(0).describe(description);

const Attempt = z
  .object({
    at: instant('When.'),
    status: z.int32().min(0).optional().describe('HTTP status of the answer, if there was one.'),
    milliseconds: count('How long it took.'),
    error: text('Why it failed; absent when it succeeded.').optional(),
  })
  .meta({ id: 'DeliveryAttempt', description: 'One attempt to post to a callback.' });

/** How the notifications of a subscription are doing. */
export const Delivery = z
  .object({
    subscriptionId: identifier('The subscription.'),
    position: z.string().describe('Place in the log up to which nothing is owed any more.'),
    lagEvents: count(
      'Entries of the log behind `position`, whether the subscription wants them or not: how far it is behind, not how much is owed.',
    ),
    lagSeconds: count('Age of the oldest notification that is owed; 0 when none is.'),
    delivered: count(
      'Notifications that the callback took; a gateway that crashed may not have counted its last ones.',
    ),
    deadLetters: count('Notifications that were given up and can be replayed.'),
    deadLettersDropped: count(
      'Notifications that were given up and went, the oldest first, to make room for newer ones.',
    ),
    attempts: count('Failed attempts at the notification whose turn it is.'),
    lastAttempt: Attempt.optional().describe('The last attempt at any notification.'),
    nextAttempt: instant('When the next attempt will be made; absent while paused or disabled.').optional(),
    lost: text('Why changes may be missing; absent when none are, or the consumer has resumed it since.').optional(),
  })
  .meta({ id: 'Delivery', description: 'How the notifications of a subscription are doing.' });
export type Delivery = z.output<typeof Delivery>;

const DeadLetter = z
  .object({
    deadLetterId: identifier('Identifies it within its subscription.'),
    notificationId: z.string().describe('`webhook-id` and `notificationId` of the notification, the same at a replay.'),
    position: z.string().describe('Place in the log of the change it tells of.'),
    at: instant('When it was given up.'),
    reason: text('Why.'),
    attempts: count('Attempts that were made.'),
    body: z.json().describe('The notification.'),
  })
  .meta({ id: 'DeadLetter', description: 'A notification that was given up.' });
export type DeadLetter = z.output<typeof DeadLetter>;

/** A page of dead letters, oldest first. */
export const DeadLetterPage = z
  .object({
    items: z.array(DeadLetter).describe('Dead letters, oldest first.'),
    next: z.string().optional().describe('For `after`, to read on; absent on the last page.'),
  })
  .meta({ id: 'DeadLetterPage', description: 'A page of dead letters.' });
export type DeadLetterPage = z.output<typeof DeadLetterPage>;

/** What came of a test notification. */
export const DeliveryTest = Attempt.extend({ delivered: z.boolean().describe('Whether the callback took it.') }).meta({
  id: 'DeliveryTest',
  description: 'What came of a test notification.',
});
export type DeliveryTest = z.output<typeof DeliveryTest>;

/** What a replay will send. */
export const Replay = z
  .object({
    notifications: count('Dead letters that will be sent again.').optional(),
    from: z.string().optional().describe('Place in the log from which all is sent again.'),
  })
  .meta({ id: 'Replay', description: 'What will be sent again.' });
export type Replay = z.output<typeof Replay>;

/** The one time that a signing secret is shown. */
export const SigningSecret = z
  .object({
    signingSecret: z
      .string()
      .describe('`whsec_…` (Standard Webhooks 1.0): notifications are signed with it from now on.'),
    previousUntil: instant(
      'Until then they are signed with the previous one too, unless it is rotated twice more before. Absent: nothing previous signs, as was asked or as it could not be read.',
    ).optional(),
  })
  .meta({ id: 'SigningSecret', description: 'A new signing secret, shown once.' });
export type SigningSecret = z.output<typeof SigningSecret>;
