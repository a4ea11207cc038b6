import type { SigningSecret } from '#schema/delivery.js';
import { timestamp } from '#platform/clock.js';
import { newSecret } from '#platform/outbound/signature.js';
import type { Subscriber } from './deliveries.js';
import { mostPrevious, signingAt, underWay, writeSecrets } from './secrets.js';
import type { Surroundings } from './surroundings.js';

interface Rotating {
  readonly signingSecretId: string;
  /** How long those that sign now go on, milliseconds. */
  readonly overlap: number;
}

/** Keeps a new secret, and who signs along with it, beside those that sign: none of it holds before the row names it. */
export async function keepSecret(
  around: Pick<Surroundings, 'store' | 'sealer' | 'clock'>,
  subscriber: Subscriber,
  { signingSecretId, overlap }: Rotating,
): Promise<SigningSecret> {
  const { id, value } = subscriber;
  const secret = newSecret();
  const now = around.clock.now();
  const end = now + overlap;
  const stays = (each: { readonly signingSecretId: string; readonly at: number }) =>
    each.signingSecretId === value['signingSecretId'] || underWay(each, now);
  let previous = false;
  await writeSecrets(around, id, (before = { signing: [] }) => {
    const signs = overlap > 0 ? signingAt(before, subscriber, now) : [];
    const along = signs
      .slice(0, mostPrevious)
      .map(({ secret: each, until = end }) => ({ secret: each, until: Math.min(until, end) }));
    previous = along.length > 0;
    const rotation = { signingSecretId, signing: [{ secret }, ...along], at: now };
    return { ...before, rotations: [...(before.rotations ?? []).filter(stays), rotation] };
  });
  return { signingSecret: secret, ...(previous ? { previousUntil: timestamp(end) } : {}) };
}

/**
 * Makes a kept rotation that the row names the one that holds, and forgets one that it does not name. Left undone it changes
 * nothing of who signs; only former releases, which know of no rotations, go on with the previous secret.
 */
export async function settleSecret(
  around: Pick<Surroundings, 'store' | 'sealer'>,
  id: string,
  signingSecretId: string,
): Promise<void> {
  await writeSecrets(around, id, async (before) => {
    const kept = before?.rotations?.find((each) => each.signingSecretId === signingSecretId);
    // Behind the read: what is named from now on was kept in it, or makes this write a conflict.
    const [row] = await around.store.objects([{ object: 'InventorySubscription', id }]);
    if (!before || !kept || !row) return undefined;
    const rotations = before.rotations?.filter((each) => each !== kept);
    const signing = row.value['signingSecretId'] === signingSecretId ? kept.signing : before.signing;
    return { ...before, signing, rotations };
  });
}
