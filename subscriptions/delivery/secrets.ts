import { Fault } from '#schema/errors.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import type { Clock } from '#platform/clock.js';
import type { StoredDocument } from '#platform/store/store.js';
import type { Subscriber } from './deliveries.js';
import { kinds } from './documents.js';
import type { Surroundings } from './surroundings.js';

const attempts = 10;
/** What no row names is of a change under way, or was left by a crash when it is as old as this, milliseconds. */
const abandoned = 60_000;
/** For so long a deliverer goes on with what it has read. */
const fresh = 1000;
/** Each signature costs time and bytes of every attempt: older secrets than these sign along no more, however long they were to. */
export const mostPrevious = 2;

interface SigningKey {
  readonly secret: string;
  /** It signs along until then; the current one has no end. */
  readonly until?: number;
}

/** Credentials and the one callback that they may be shown to. The row names those that hold. */
export interface Shown {
  readonly credentialsId: string;
  readonly callback: string;
  readonly credentials: CallbackCredentials;
}

/** Who signs from the moment that the row names this `signingSecretId`. `at`: since when it is kept, milliseconds since 1970. */
interface Rotation {
  readonly signingSecretId: string;
  readonly signing: readonly SigningKey[];
  readonly at: number;
}

/** What nobody is ever shown. */
export interface Secrets {
  /** Those of the row, and those that a change of it is about to name; `at`: since when, milliseconds since 1970. */
  readonly shown?: readonly (Shown & { readonly at: number })[];
  /** The current one first; none when what signed was lost. Holds for a row that names no rotation that is kept. */
  readonly signing: readonly SigningKey[];
  /** Rotations that a row is about to name, or has just named. */
  readonly rotations?: readonly Rotation[];
}

type Around = Pick<Surroundings, 'store' | 'sealer'>;

/** What a subscription signs with and shows, for its row as it stands. */
export type SecretsInUse = (row: Subscriber) => Promise<Secrets>;

function opened({ sealer }: Around, { id, value }: StoredDocument): Secrets {
  return JSON.parse(sealer.open(value['sealed'] as string, `${kinds.secret}/${id}`)) as Secrets;
}

export async function readSecrets(around: Around, id: string): Promise<Secrets | undefined> {
  const stored = await around.store.get(kinds.secret, id);
  return stored && opened(around, stored);
}

/** Whatever the reason: what cannot be opened signs nothing and is shown to nobody, until it is replaced. */
function readable(around: Around, stored: StoredDocument): Secrets | undefined {
  try {
    return opened(around, stored);
  } catch {
    return undefined;
  }
}

/** Writes what `change` makes of them, or nothing. `before`: undefined when there are none that could be read. */
export async function writeSecrets(
  around: Around,
  id: string,
  change: (before: Secrets | undefined) => Secrets | undefined | Promise<Secrets | undefined>,
): Promise<void> {
  const { store, sealer } = around;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const stored = await store.get(kinds.secret, id);
    const secrets = await change(stored && readable(around, stored));
    if (!secrets) return;
    const value = { sealed: sealer.seal(JSON.stringify(secrets), `${kinds.secret}/${id}`) };
    if ((await store.put(kinds.secret, id, value, stored?.revision ?? 0)) !== undefined) return;
  }
  throw new Fault('CONFLICT', `The secrets of subscription '${id}' kept changing; try again.`, { retryAfter: 1 });
}

/** The credentials that a row names. Throws when they are not kept, or are for another callback than its own. */
export function credentialsFor({ shown = [] }: Secrets, { id, value }: Subscriber): CallbackCredentials | undefined {
  const wanted = value['credentialsId'];
  if (wanted === undefined) return undefined;
  const found = shown.find(({ credentialsId }) => credentialsId === wanted);
  if (found?.callback === value['callback']) return found?.credentials;
  throw new Error(`Subscription '${id}' has no credentials for its callback; give them again.`);
}

/** Those that sign for a row at a time: the current one, then the newest before it. */
export function signingAt(
  { signing, rotations = [] }: Secrets,
  { value }: Subscriber,
  now: number,
): readonly SigningKey[] {
  const named = rotations.find(({ signingSecretId }) => signingSecretId === value['signingSecretId']);
  const holding = (named?.signing ?? signing).filter(({ until }) => until === undefined || until > now);
  // Former releases kept as many as there were rotations.
  return holding.slice(0, 1 + mostPrevious);
}

/** Whether what a row does not name is of a change under way. */
export function underWay({ at }: { readonly at: number }, now: number): boolean {
  return now - at < abandoned;
}

export function missingSecret(id: string): Error {
  return new Error(`The signing secret of subscription '${id}' is missing; rotate it.`);
}

/**
 * The secrets of one subscription as a deliverer uses them: read again when a second has passed or its row names others,
 * opened when they changed.
 */
export function secretsInUse(around: Around & { readonly clock: Clock }, id: string): SecretsInUse {
  let known: { readonly revision: number; readonly secrets: Secrets } | undefined;
  let readAt = -Infinity;
  let readFor: unknown;
  return async ({ value: { credentialsId, signingSecretId } }) => {
    const shows =
      credentialsId === undefined || known?.secrets.shown?.some((each) => each.credentialsId === credentialsId);
    if (known && shows && readFor === signingSecretId && around.clock.now() - readAt < fresh) return known.secrets;
    const at = around.clock.now();
    const stored = await around.store.get(kinds.secret, id);
    if (!stored) throw missingSecret(id);
    if (known?.revision !== stored.revision) known = { revision: stored.revision, secrets: opened(around, stored) };
    [readAt, readFor] = [at, signingSecretId];
    return known.secrets;
  };
}
