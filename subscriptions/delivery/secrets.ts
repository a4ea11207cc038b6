import { Fault } from '#schema/errors.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import type { Clock } from '#platform/clock.js';
import type { StoredDocument } from '#platform/store/store.js';
import type { Subscriber } from './deliveries.js';
import { kinds } from './documents.js';
import type { Surroundings } from './surroundings.js';

const attempts = 10;
/** For so long a deliverer goes on with what it has read. */
const fresh = 1000;

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

/** What nobody is ever shown. */
export interface Secrets {
  /** Those of the row, and those that a change of it is about to name; `at`: since when, milliseconds since 1970. */
  readonly shown?: readonly (Shown & { readonly at: number })[];
  /** The current one first. */
  readonly signing: readonly SigningKey[];
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

/** Writes what `change` makes of them. */
export async function writeSecrets(
  around: Around,
  id: string,
  change: (before: Secrets | undefined) => Secrets | Promise<Secrets>,
): Promise<Secrets> {
  const { store, sealer } = around;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const stored = await store.get(kinds.secret, id);
    const secrets = await change(stored && opened(around, stored));
    const value = { sealed: sealer.seal(JSON.stringify(secrets), `${kinds.secret}/${id}`) };
    if ((await store.put(kinds.secret, id, value, stored?.revision ?? 0)) !== undefined) return secrets;
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

/** Those that sign at a time. */
export function signingAt({ signing }: Secrets, now: number): readonly string[] {
  return signing.filter(({ until }) => until === undefined || until > now).map(({ secret }) => secret);
}

/**
 * The secrets of one subscription as a deliverer uses them: read again when a second has passed or its row names others,
 * opened when they changed.
 */
export function secretsInUse(around: Around & { readonly clock: Clock }, id: string): SecretsInUse {
  let known: { readonly revision: number; readonly secrets: Secrets } | undefined;
  let readAt = -Infinity;
  return async ({ value: { credentialsId } }) => {
    const holds =
      credentialsId === undefined || known?.secrets.shown?.some((each) => each.credentialsId === credentialsId);
    if (known && holds && around.clock.now() - readAt < fresh) return known.secrets;
    const at = around.clock.now();
    const stored = await around.store.get(kinds.secret, id);
    if (!stored) throw new Error(`The signing secret of subscription '${id}' is missing; rotate it.`);
    if (known?.revision !== stored.revision) known = { revision: stored.revision, secrets: opened(around, stored) };
    readAt = at;
    return known.secrets;
  };
}
