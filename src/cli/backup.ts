import { readFileSync } from 'node:fs';
import type { BackupPage, Restored } from '#schema/backup.js';
import { Fault } from '#schema/errors.js';
import { backupIn, BackupWriter, type BackupFile } from './backup-file.js';

/** A running gateway, and who we are there. */
export interface Remote {
  readonly url: string;
  readonly token?: string | undefined;
}

const path = '/netweave/v1/backup';
/** Longest that one page may take, milliseconds. */
const patience = 60_000;
/** Of the lines in one request, as JSON: well below the least that `limits.bodyBytes` is by default. */
const requestBytes = 512 * 1024;
const linesAtOnce = 200;

/** Where the commands find their gateway. Throws Fault INVALID for a token file that cannot be read. */
export function remoteOf(url: string | undefined, env: NodeJS.ProcessEnv): Remote {
  const file = env['NETWEAVE_TOKEN_FILE'];
  return {
    url: (url ?? 'http://127.0.0.1:8080').replace(/\/$/, ''),
    token: file ? read(file, 'token').toString().trim() : env['NETWEAVE_TOKEN'],
  };
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Fault('INVALID', `The ${what} in ${file} cannot be read (${(error as Error).message}).`, {}, error);
  }
}

/** Writes what a gateway owns to a file, which appears when it is whole. */
export async function writeBackup(remote: Remote, file: string): Promise<string> {
  const first = await ask<BackupPage>(remote, path);
  const writer = new BackupWriter(file, first.header);
  try {
    for (let page = first; ;) {
      for (const line of page.lines) writer.add(line);
      if (page.next === undefined) break;
      page = await ask<BackupPage>(remote, `${path}?after=${encodeURIComponent(page.next)}`);
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const documents = writer.finish();
  return `${documents} documents of O-Cloud ${first.header.oCloudId} are in ${file}. It needs the same NETWEAVE_KEY to be restored (${first.header.key}).\n`;
}

/** Gives a file to a gateway: all of it is judged before the first line is written. */
export async function restoreBackup(remote: Remote, file: string, replace: boolean): Promise<string> {
  const backup = backupIn(read(file, 'backup'), file);
  const { differing } = await send(remote, backup, { check: true });
  if (differing > 0 && !replace) {
    const what = `${differing} subscriptions stand differently in the gateway than in ${file}`;
    throw new Fault('CONFLICT', `${what}. Nothing was restored; say --replace to give them the state of ${backup.at}.`);
  }
  const done = await send(remote, backup, { replace });
  const left = done.duplicates > 0 ? `, ${done.duplicates} left out as duplicates of others` : '';
  return `Restored ${file} of ${backup.at}: ${done.created} subscriptions created, ${done.replaced} replaced, ${done.unchanged} unchanged${left}; ${done.deadLetters} dead letters.\n`;
}

async function send(remote: Remote, backup: BackupFile, how: object): Promise<Restored> {
  const sum: Record<string, number> = {};
  for (const lines of requests(backup.lines())) {
    const body = { header: backup.header, lines, ...how };
    const counted = await ask<Restored>(remote, `${path}/restore`, body);
    for (const [name, count] of Object.entries(counted)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum as unknown as Restored;
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

async function ask<T>({ url, token }: Remote, target: string, body?: object): Promise<T> {
  const request = {
    method: body ? 'POST' : 'GET',
    headers: {
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(patience),
    ...(body ? { body: JSON.stringify(body) } : {}),
  };
  const response = await fetch(`${url}${target}`, request).catch((error: unknown) => {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message || message : message;
    throw new Fault('UNAVAILABLE', `No gateway answers at ${url} (${why}). Start it, or name it with --url.`, remotely);
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  throw new Fault(
    'UNAVAILABLE',
    `${url} refused (${response.status}): ${detailIn(text)}${hint(response.status)}`,
    remotely,
  );
}

const remotely = { at: 'gateway' } as const;

function detailIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly detail?: string }).detail ?? text;
  } catch {
    return text.slice(0, 200);
  }
}

function hint(status: number): string {
  if (status === 401) return ' Set NETWEAVE_TOKEN or NETWEAVE_TOKEN_FILE to a token with the role admin.';
  return status === 413 ? ' Raise limits.bodyBytes of the gateway.' : '';
}
