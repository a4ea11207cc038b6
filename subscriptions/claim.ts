import { createHash } from 'node:crypto';
import type { Value } from '#schema/change.js';

/** What makes two subscriptions the same: callback, filter, consumerSubscriptionId and API (contract 1.9). */
export function claimOf(tenant: string | null, value: Value): string {
  const { callback, filter = '', consumerSubscriptionId = '', apiMajor } = value;
  const same = JSON.stringify([tenant, callback, filter, consumerSubscriptionId, apiMajor]);
  return `subscription:${createHash('sha256').update(same).digest('base64url')}`;
}
