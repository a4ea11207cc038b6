import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isGivenOnce } from './placement.js';
import type { Change, Estate } from './estate.js';
import type { Plan } from './plan.js';

/** What users wrote, kept beside the store: one JSON line a change, in a file of the world that it belongs to. */
export interface Journal {
  /** Resolves once the changes are on the disk. After a failure every further call fails: what is on the disk is unknown. */
  append(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

/** Another plan is another world and has a journal of its own: its changes would name what this one does not have. */
export function journalPath(directory: string, plan: Plan): string {
  const name = createHash('sha256')
    .update(JSON.stringify([plan.seed, plan.size, plan.pools, plan.tenants]))
    .digest('hex')
    .slice(0, 12);
  return join(directory, `o-cloud-${name}.jsonl`);
}

/** Reads a journal; a last line that was cut off was never answered and is left out. */
export async function readJournal(path: string): Promise<Change[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw cause;
  });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, at) => {
      try {
        return JSON.parse(line) as Change;
      } catch (cause) {
        throw new Error(
          `${path}:${at + 1} is no change of this O-Cloud. Remove the line, or the file to forget all that users wrote.`,
          { cause },
        );
      }
    });
}

/** Applies what was read and returns only what is still needed of it: the last word on each object. */
export function replay(estate: Estate, changes: readonly Change[]): Change[] {
  const last = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.kind}/${change.id}`;
    last.delete(key);
    last.set(key, change);
  }
  return [...last.values()].filter((change) => {
    const { kind, id, state } = change;
    if (state !== undefined) {
      estate.settle(kind, state);
      return true;
    }
    const known = estate.get(kind, id) !== undefined;
    // A pool that was empty when it was deleted may hold what the change generator had taken away.
    if (kind === 'pools') for (const member of estate.members(id)) estate.unsettle('equipment', member);
    estate.unsettle(kind, id);
    return known || !isGivenOnce(id);
  });
}

/** Opens a journal for appending; it holds exactly `changes` then. */
export async function openJournal(path: string, changes: readonly Change[]): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true });
  await rewrite(path, changes);
  const file = await open(path, 'a');
  let waiting = '';
  let tail = Promise.resolve();
  const flush = async (): Promise<void> => {
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    await file.appendFile(text);
    await file.datasync();
  };
  return {
    // Appends that come while the disk is busy share the next flush.
    append: (appended) => {
      waiting += lines(appended);
      return (tail = tail.then(flush));
    },
    close: async () => {
      await tail.catch(() => undefined);
      await file.close();
    },
  };
}

async function rewrite(path: string, changes: readonly Change[]): Promise<void> {
  const fresh = await open(`${path}.new`, 'w');
  await fresh.writeFile(lines(changes));
  await fresh.sync();
  await fresh.close();
  await rename(`${path}.new`, path);
  const directory = await open(dirname(path), 'r');
  await directory.sync();
  await directory.close();
}

function lines(changes: readonly Change[]): string {
  return changes.map((change) => `${JSON.stringify(change)}\n`).join('');
}
