import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Backup, BackupHeader, BackupLine, BackupPage, Restored } from '#schema/backup.js';
import { Fault, invalid } from '#schema/errors.js';
import { page, rowsOf } from '../../inventory/query.js';
import { inputFault } from '../input.js';
import { operation, type Call, type ValueAnswer } from '../operation.js';
import { wording } from '../wording.js';

/** A page ends when it has grown beyond this, so that a line more may be read into it. */
const pageBytes = 512 * 1024;
const mostLines = 1000;

/** What a gateway owns is of all tenants. */
const permissions = { take: 'backup:take', restore: 'backup:restore' } as const;

export const backup = [
  operation({
    name: 'backup.read',
    object: Backup,
    verb: 'read',
    field: 'backup',
    kind: 'query',
    permission: permissions.take,
    input: z.strictObject({
      after: z.string().max(600).describe('`next` of an earlier page.').optional(),
      first: z.int32().min(1).max(mostLines).default(200).describe('How many lines at most.'),
    }),
    output: BackupPage,
    summary: 'Reads what the gateway owns: subscriptions with their sealed secrets, and dead letters.',
    audit: 'durable',
    run: async (call, { after, first }) => {
      demandNoTenant(call);
      const { backups } = call.subscriptions;
      const { backupId, ...from } = after === undefined ? { backupId: randomUUID() } : begunAt(after);
      const header = backups.header(backupId);
      const lines: string[] = [];
      let [bytes, last] = [0, ''];
      for await (const [place, line] of documents(call, from)) {
        if (lines.length === first || bytes > pageBytes)
          return told(call, { header, lines, next: nextBehind(last, backupId) });
        call.signal.throwIfAborted();
        const text = JSON.stringify(line);
        lines.push(text);
        bytes += Buffer.byteLength(text);
        last = place;
      }
      return told(call, { header, lines });
    },
  }),
  operation({
    name: 'backup.restore',
    object: Backup,
    verb: 'restore',
    kind: 'mutation',
    permission: permissions.restore,
    input: z.strictObject({
      header: BackupHeader,
      lines: z.array(z.string()).max(mostLines).describe('Documents, each as JSON.'),
      replace: z.boolean().default(false).describe('Whether what stands differently is replaced.'),
      check: z.boolean().default(false).describe('Only counts what would be done.'),
    }),
    output: Restored,
    summary: 'Writes back what a gateway owned; what stands already stays as it is, its dead letters included.',
    audit: 'durable',
    run: async (call, { header, lines, replace, check }) => {
      demandNoTenant(call);
      const { backups } = call.subscriptions;
      backups.admit(header);
      return told(call, await backups.restore(lines.map(lineIn), { backupId: header.backupId, replace, check }));
    },
  }),
] as const;

/** How far a backup has come: in the letters of a subscription, behind one of them. */
interface Begun {
  readonly begun?: string | undefined;
  readonly letter?: string | undefined;
  readonly backupId?: string | undefined;
}

/** `<subscriptionId>[/<letter>[/<backupId>]]`; the parts that a former release does not know, it passes over. */
function begunAt(after: string): Begun {
  const [begun, letter, backupId] = after.split('/');
  return { begun, letter, backupId };
}

function nextBehind(place: string, backupId: string | undefined): string {
  if (backupId === undefined) return place;
  return `${place}${place.includes('/') ? '' : '/'}/${backupId}`;
}

/** Every document with its place, from behind a place on: in the order of subscriptions, each before its dead letters. */
async function* documents(call: Call, { begun, letter = '' }: Begun): AsyncGenerator<readonly [string, BackupLine]> {
  const { backups } = call.subscriptions;
  if (begun !== undefined) yield* letters(call, begun, letter);
  const from = begun === undefined ? {} : { after: { id: begun } };
  let found = await page(call.view, call.scope, { object: 'InventorySubscription', limit: 100, ...from }, call);
  for (;;) {
    for (const row of rowsOf(found.runs)) {
      const line = await backups.lineOf(row);
      if (!line) continue;
      yield [row.id, line];
      yield* letters(call, row.id, '');
    }
    if (!found.next) return;
    found = await page(call.view, call.scope, { object: 'InventorySubscription', limit: 100, after: found.next }, call);
  }
}

async function* letters(call: Call, id: string, after: string): AsyncGenerator<readonly [string, BackupLine]> {
  for (let behind = after; ;) {
    const some = await call.subscriptions.backups.lettersOf(id, behind, 100);
    for (const each of some) yield [each.id, each];
    if (some.length < 100) return;
    behind = some.at(-1)!.id.slice(-16);
  }
}

function lineIn(text: string, at: number): BackupLine {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw invalid('It is no JSON.', `lines/${at}`);
  }
  const parsed = BackupLine.safeParse(said, { error: wording });
  if (parsed.success) return parsed.data;
  throw invalid(inputFault(parsed.error).message, `lines/${at}`);
}

function demandNoTenant({ scope }: Call): void {
  if (scope.tenant !== undefined)
    throw new Fault('FORBIDDEN', 'Backups need a role without a tenant, as they hold what every tenant owns.');
}

function told(call: Call, value: object): ValueAnswer {
  return { kind: 'value', value, position: call.view.position(), gaps: [] };
}
