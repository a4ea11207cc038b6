import { mostNamed, type BackupPage, type Restored } from '#schema/backup.js';
import { counted } from '#schema/counted.js';
import { Fault } from '#schema/errors.js';
import { backupIn, BackupWriter, type BackupFile } from './backup-file.js';
import { ask, contentOf, type Remote } from './remote.js';

const path = '/netweave/v1/backup';
/** Of the lines in one request, as JSON: well below the least that `limits.bodyBytes` is by default. */
const requestBytes = 512 * 1024;
const linesAtOnce = 200;

/** Writes what a gateway owns to a file, which appears when it is whole. */
export async function writeBackup(remote: Remote, file: string): Promise<string> {
  const first = await ask<BackupPage>(remote, path);
  const writer = new BackupWriter(file, first.header);
  let documents: number;
  try {
    for (let page = first; ;) {
      for (const line of page.lines) writer.add(line);
      if (page.next === undefined) break;
      page = await ask<BackupPage>(remote, `${path}?after=${encodeURIComponent(page.next)}`);
    }
    documents = writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const what = `${counted(documents, 'document')} of O-Cloud ${first.header.oCloudId} at ${remote.url}`;
  const key = `the same key (${first.header.key}): NETWEAVE_KEY, keyFile, or the file 'key' beside the store`;
  return `${what} ${documents === 1 ? 'is' : 'are'} in ${file}. To be restored they need ${key}.\n`;
}

/** Gives a file to a gateway: all of it is judged before the first line is written. */
export async function restoreBackup(remote: Remote, file: string, replace: boolean): Promise<string> {
  const backup = backupIn(contentOf(file, 'backup'), file);
  const judged = await send(remote, backup, { check: true });
  if (judged.differing > 0 && !replace) throw standsDifferently(judged, remote, file, backup);
  const done = await send(remote, backup, { replace });
  const left = done.duplicates > 0 ? `, ${done.duplicates} left out as duplicates of others` : '';
  const created = `${counted(done.created, 'subscription')} created`;
  return `Restored ${file} of ${backup.at} to ${remote.url}: ${created}, ${done.replaced} replaced, ${done.unchanged} unchanged${left}; ${counted(done.deadLetters, 'dead letter')}.\n`;
}

function standsDifferently({ differing, differingIds }: Restored, { url }: Remote, file: string, { at }: BackupFile) {
  const stand = differing === 1 ? 'stands' : 'stand';
  const more = differing > differingIds.length ? ` and ${differing - differingIds.length} more` : '';
  const what = `${counted(differing, 'subscription')} ${stand} differently at ${url} than in ${file}`;
  const todo = `Nothing was restored; say --replace to give ${differing === 1 ? 'it' : 'them'} the state of ${at}.`;
  return new Fault('CONFLICT', `${what}: ${differingIds.join(', ')}${more}. ${todo}`);
}

async function send(remote: Remote, backup: BackupFile, how: object): Promise<Restored> {
  const counts: Record<string, number> = {};
  const ids: string[] = [];
  for (const lines of requests(backup.lines())) {
    const body = { header: backup.header, lines, ...how };
    const { differingIds, ...some } = await ask<Restored>(remote, `${path}/restore`, body);
    for (const [name, count] of Object.entries(some)) counts[name] = (counts[name] ?? 0) + count;
    ids.push(...differingIds);
  }
  return { ...(counts as unknown as Omit<Restored, 'differingIds'>), differingIds: ids.slice(0, mostNamed) };
}

/** At least one, so that a backup of nothing is judged too. */
function* requests(lines: Iterable<string>): Generator<readonly string[]> {
  let [some, bytes]: [string[], number] = [[], 0];
  for (const line of lines) {
    const size = Buffer.byteLength(JSON.stringify(line));
    if (some.length === linesAtOnce || (some.length > 0 && bytes + size > requestBytes)) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(line);
    bytes += size;
  }
  yield some;
}
