import { isDeepStrictEqual } from 'node:util';
import {
  backupSchemas,
  mostNamed,
  type BackupHeader,
  type BackupLine,
  type DeadLetterLine,
  type Restored,
  type SubscriptionLine,
} from '#schema/backup.js';
import type { StoredObject, Value } from '#schema/change.js';
import { counted } from '#schema/counted.js';
import { Fault, invalid } from '#schema/errors.js';
import { timestamp, type Clock } from '#platform/clock.js';
import type { Sealer } from '#platform/sealed.js';
import type { Store } from '#platform/store/store.js';
import { claimOf } from './claim.js';
import type { Subscriber } from './delivery/deliveries.js';
import { kinds, markOf, progressOf, progressValue, reached, shardOf, type Progress } from './delivery/documents.js';
import { writeSecrets, type Secrets } from './delivery/secrets.js';
import type { Owned } from './owned.js';
import { bringLetters } from './restored-letters.js';

/** What we own as lines of a file, and back. */
export interface Backups {
  /** Of a backup that is begun, or (with its `backupId`) read on; without one, of a backup that an older release began. */
  header(backupId: string | undefined): BackupHeader;
  /** Throws INVALID, with what to do, for what another gateway or a newer release wrote. */
  admit(header: BackupHeader): void;
  /** A subscription with all that belongs to it but its dead letters; undefined when it is gone. */
  lineOf(subscriber: Subscriber): Promise<SubscriptionLine | undefined>;
  /** Dead letters of a subscription behind the letter `after` (16 digits). */
  lettersOf(id: string, after: string, limit: number): Promise<readonly DeadLetterLine[]>;
  /** Throws CONFLICT, having written nothing, when a subscription stands differently and may not be replaced. */
  restore(lines: readonly BackupLine[], how: Restoring): Promise<Restored>;
}

export interface Restoring {
  /** Which backup the lines are of; older ones have no id. */
  readonly backupId?: string | undefined;
  readonly replace: boolean;
  /** Nothing is written; what stands differently is counted. */
  readonly check: boolean;
}

interface Around {
  readonly store: Store;
  readonly owned: Owned;
  readonly sealer: Sealer;
  readonly oCloudId: string;
  readonly version: string;
  readonly clock: Clock;
}

type Judgement = 'created' | 'replaced' | 'unchanged' | 'duplicates';

interface Judged {
  readonly line: SubscriptionLine;
  readonly stands: StoredObject | undefined;
  readonly judgement: Judgement;
}

export function backups(around: Around): Backups {
  const { store, sealer, oCloudId, version } = around;
  const header = { format: 1, version, oCloudId, schemas: backupSchemas, key: sealer.fingerprint };
  return {
    header: (backupId) => ({ ...header, ...(backupId !== undefined && { backupId }) }),
    admit: (given) => admit(header, given),
    lineOf: (subscriber) => lineOf(store, subscriber),
    async lettersOf(id, after, limit) {
      const found = await store.list(kinds.deadLetter, { prefix: `${id}/`, after: `${id}/${after}`, limit });
      return found.map((letter) => ({
        kind: 'deadLetter',
        id: letter.id,
        value: letter.value as DeadLetterLine['value'],
      }));
    },
    restore: (lines, how) => restore(around, lines, how),
  };
}

function admit(ours: BackupHeader, given: BackupHeader): void {
  const refuse = (message: string) => invalid(message, 'header');
  const known: Readonly<Record<string, number>> = backupSchemas;
  const newer = Object.entries(given.schemas).filter(([kind, schema]) => schema > (known[kind] ?? 0));
  if (given.format > ours.format || newer.length > 0)
    throw refuse(`The backup was written by netweave ${given.version}, which is newer: restore it with that release.`);
  if (given.oCloudId !== ours.oCloudId)
    throw refuse(
      `The backup is of the O-Cloud ${given.oCloudId}, this gateway is ${ours.oCloudId}: start it with oCloud.oCloudId ` +
        `set to that of the backup, then restore again.`,
    );
  if (given.key !== ours.key)
    throw refuse(
      `The secrets in the backup are sealed with another key (${given.key}, here ${ours.key}): start the gateway with ` +
        `the NETWEAVE_KEY or keyFile it had when the backup was made, then restore again.`,
    );
}

async function lineOf(
  store: Store,
  { id, tenant, value, position }: Subscriber,
): Promise<SubscriptionLine | undefined> {
  // Before the rest: a mark that moves meanwhile passes over nothing that is owed here.
  const mark = await store.get(kinds.mark, String(shardOf(id)));
  const [secret, document] = await Promise.all([store.get(kinds.secret, id), store.get(kinds.delivery, id)]);
  // Its secret is the last that a deletion leaves.
  if (!secret) return undefined;
  const {
    restored: _when,
    restoredFrom: _whence,
    ...progress
  }: Progress = document ? progressOf(document.value) : { position, delivered: 0 };
  // Written down as owing: marks of another log say nothing of it.
  const owed = {
    ...progress,
    position: reached(progress, mark && markOf(mark.value).position),
    owed: progress.owed ?? {},
  };
  return {
    kind: 'InventorySubscription',
    id,
    tenant,
    value: value as SubscriptionLine['value'],
    secret: secret.value['sealed'] as string,
    delivery: progressValue(owed) as SubscriptionLine['delivery'],
  };
}

async function restore(around: Around, lines: readonly BackupLine[], how: Restoring): Promise<Restored> {
  const judged: Judged[] = [];
  for (const line of lines) if (line.kind === 'InventorySubscription') judged.push(await judge(around, line));
  const count = (of: Judgement) => judged.filter(({ judgement }) => judgement === of).length;
  const [created, duplicates, unchanged] = [count('created'), count('duplicates'), count('unchanged')];
  const standing = judged.filter(({ judgement }) => judgement === 'replaced').map(({ line }) => line.id);
  const differing = standing.length;
  const counts = { created, unchanged, duplicates };
  if (how.check)
    return { ...counts, replaced: 0, differing, differingIds: standing.slice(0, mostNamed), deadLetters: 0 };
  if (differing > 0 && !how.replace) {
    const what = `${counted(differing, 'subscription')} ${differing === 1 ? 'stands' : 'stand'} differently`;
    throw new Fault(
      'CONFLICT',
      `${what} (${standing.slice(0, mostNamed).join(', ')}); nothing was written. Say replace.`,
    );
  }
  for (const each of judged) await write(around, each, how.backupId);
  const letters = lines.filter((line) => line.kind === 'deadLetter');
  const deadLetters = await bringLetters(around, how.backupId, letters);
  return { ...counts, replaced: differing, differing: 0, differingIds: [], deadLetters };
}

async function judge({ store, sealer }: Around, line: SubscriptionLine): Promise<Judged> {
  const { id, tenant, value, secret } = line;
  if (value.subscriptionId !== id) throw invalid(`The line of '${id}' holds another subscription.`, 'lines');
  demandReadable(sealer, line);
  const claim = claimOf(tenant, value);
  const [stands, claimed] = await store.objects([
    { object: 'InventorySubscription', id },
    { object: 'Claim', id: claim },
  ]);
  if (!stands) return { line, stands, judgement: claimed ? 'duplicates' : 'created' };
  if (stands.tenant !== tenant) throw invalid(`The subscription '${id}' is another tenant's here.`, 'lines');
  if (claimed && claimOf(tenant, stands.value) !== claim) return { line, stands, judgement: 'duplicates' };
  const kept = await store.get(kinds.secret, id);
  const same = isDeepStrictEqual(wanted(stands.value), wanted(value)) && kept?.value['sealed'] === secret;
  return { line, stands, judgement: same ? 'unchanged' : 'replaced' };
}

/** Whatever of it cannot be used later is found out before anything is written. */
function demandReadable(sealer: Sealer, { id, secret, delivery }: SubscriptionLine): void {
  try {
    sealer.open(secret, `${kinds.secret}/${id}`);
    progressOf(delivery);
  } catch (error) {
    throw invalid(`The line of '${id}' cannot be used: ${(error as Error).message}`, 'lines');
  }
}

/** What its consumer decided; whether deliveries fail is for those who deliver to say. */
function wanted({ state, stateReason: _reason, ...value }: Value): Value {
  return { ...value, paused: state === 'paused' };
}

/** The secrets first, the subscription last: it is whole when it stands. Repeated, it goes on where it stopped. */
async function write(around: Around, { line, stands, judgement }: Judged, from: string | undefined): Promise<void> {
  const { id, tenant, value, secret, delivery } = line;
  if (judgement === 'unchanged' || judgement === 'duplicates') return;
  if (stands) return replace(around, line, stands);
  const { store, owned, clock } = around;
  const [kept, left] = await Promise.all([store.get(kinds.secret, id), store.get(kinds.delivery, id)]);
  const sealed = await store.put(kinds.secret, id, { sealed: secret }, kept?.revision ?? 0);
  // Where its deliveries stand in this store is truer than what the backup says. Written anew, no deletion takes it along.
  const { untold: _before, ...progress } = left ? progressOf(left.value) : await placed(store, progressOf(delivery));
  const running = value.state === 'active' || value.state === 'degraded';
  const { lost } = progress;
  // Made anew, the row says so itself, whatever a former one said: at once, or when it is resumed.
  const untold = lost !== undefined && !running && ({ untold: true } as const);
  const restored = { ...progress, ...untold, restored: timestamp(clock.now()), restoredFrom: from };
  const begun = await store.put(kinds.delivery, id, progressValue(restored), left?.revision ?? 0);
  if (sealed === undefined || begun === undefined) throw moved(id);
  const shown = lost !== undefined && running ? { ...value, state: 'degraded', stateReason: lost } : value;
  const fresh = {
    object: 'InventorySubscription',
    id,
    tenant,
    value: shown,
    claims: [claimOf(tenant, value)],
  } as const;
  if (!(await owned.create(fresh))) throw moved(id);
}

/** The row decides, while what either version of it shows is known: whoever changed it first goes on signing as before. */
async function replace(around: Around, { id, tenant, value, secret }: SubscriptionLine, stands: StoredObject) {
  const { store, owned, sealer } = around;
  const restored = JSON.parse(sealer.open(secret, `${kinds.secret}/${id}`)) as Secrets;
  await writeSecrets(around, id, (kept) => ({ ...(kept ?? restored), shown: shownByEither(kept, restored) }));
  const both = await store.get(kinds.secret, id);
  const claims = { before: [claimOf(tenant, stands.value)], after: [claimOf(tenant, value)] };
  if (!both || !(await owned.change(stands, decided(value, stands.value), { claims }))) throw moved(id);
  if ((await store.put(kinds.secret, id, { sealed: secret }, both.revision)) === undefined) throw moved(id);
}

/** What its consumer decided comes from the backup; how it is doing stays, or is found out anew when it goes on. */
function decided({ state, stateReason, ...value }: Value, stands: Value): Value {
  const [paused, stood] = [state === 'paused', stands['state'] === 'paused'];
  if (paused && !stood) return { ...value, state, stateReason };
  if (!paused && stood) return { ...value, state: 'active' };
  const { state: doing, stateReason: why } = stands;
  return { ...value, state: doing, ...(why !== undefined && { stateReason: why }) };
}

function shownByEither(kept: Secrets | undefined, { shown = [] }: Secrets): NonNullable<Secrets['shown']> {
  const before = kept?.shown ?? [];
  const ids = new Set(before.map(({ credentialsId }) => credentialsId));
  return [...before, ...shown.filter(({ credentialsId }) => !ids.has(credentialsId))];
}

/** Where it goes on: behind its place if the log has it still; else from now on, which is shown until its consumer resumes it. */
async function placed(store: Store, progress: Progress): Promise<Progress> {
  if ((await store.read(progress.position, 1)).outcome === 'read') return progress;
  const { delivered, lastAttempt } = progress;
  const lost = 'Restored from a backup on another log; what changed between is missing.';
  return { position: await store.head(), delivered, owed: {}, lost, ...(lastAttempt && { lastAttempt }) };
}

function moved(id: string): Fault {
  return new Fault('CONFLICT', `Subscription '${id}' changed meanwhile; restore again: what is done stays done.`, {
    retryAfter: 1,
  });
}
