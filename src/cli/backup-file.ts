import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { BackupHeader } from '#schema/backup.js';
import { Fault, invalid } from '#schema/errors.js';
import { syncFolderOf } from '../platform/sync-folder.js';

/** First line of a file. */
const FirstLine = z.strictObject({ netweave: z.literal('backup'), at: z.iso.datetime(), ...BackupHeader.shape });

const newline = 0x0a;

/** A file as it was written, checked to its last byte. */
export interface BackupFile {
  readonly header: BackupHeader;
  readonly at: string;
  readonly documents: number;
  /** Each document as JSON. */
  lines(): Iterable<string>;
}

/**
 * Writes lines beside `file` and gives them its name when all of them are on disk; mode 0600. What stands there is replaced if
 * it is an earlier backup of the same O-Cloud. Throws UNAVAILABLE for anything else, and when the disk refuses.
 */
export class BackupWriter {
  readonly #file: string;
  readonly #draft: string;
  readonly #descriptor: number;
  #open = true;
  readonly #hash: Hash = createHash('sha256');
  #documents = 0;

  constructor(file: string, header: BackupHeader) {
    this.#file = file;
    this.#draft = `${file}.${process.pid}.partial`;
    this.#descriptor = this.#attempt(() => {
      demandEarlierBackup(file, header);
      return openSync(this.#draft, 'wx', 0o600);
    });
    this.#write(JSON.stringify({ netweave: 'backup', at: new Date().toISOString(), ...header }));
  }

  add(document: string): void {
    this.#write(document);
    this.#documents += 1;
  }

  /** How many documents the file holds. */
  finish(): number {
    this.#attempt(() => {
      writeAll(this.#descriptor, Buffer.from(footer(this.#documents, this.#hash.digest('hex'))));
      fsyncSync(this.#descriptor);
      this.#close();
      renameSync(this.#draft, this.#file);
      syncFolderOf(this.#file);
    });
    return this.#documents;
  }

  abandon(): void {
    this.#close();
    rmSync(this.#draft, { force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    this.#hash.update(bytes);
    this.#attempt(() => writeAll(this.#descriptor, bytes));
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault('UNAVAILABLE', `${this.#file} cannot be written (${(error as Error).message}).`, {}, error);
    }
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

/** More than a first line is long. */
const beginning = 4096;

/** A scheduled backup takes the place of the last one; nothing else may be lost by a slip of the hand. */
function demandEarlierBackup(file: string, { oCloudId }: BackupHeader): void {
  const text = beginningOf(file);
  if (text === undefined) return;
  const first = FirstLine.safeParse(parsed(text.split('\n', 1)[0]!));
  if (first.success && first.data.oCloudId === oCloudId) return;
  const what = first.success ? `a backup of another O-Cloud (${first.data.oCloudId})` : 'there, and is no backup';
  throw new Fault('UNAVAILABLE', `${file} is ${what}. Nothing was written: name another file, or remove that one.`);
}

function beginningOf(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(beginning);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function footer(documents: number, sha256: string): string {
  return `${JSON.stringify({ documents, sha256 })}\n`;
}

/** What the bytes of `file` hold. Throws INVALID for what is no backup, not whole, or not as it was written. */
export function backupIn(bytes: Buffer, file: string): BackupFile {
  const refuse = (why: string) => invalid(`${file} ${why}. Nothing was restored.`);
  const last = bytes.length < 2 ? -1 : bytes.lastIndexOf(newline, bytes.length - 2);
  if (last < 0) throw refuse('is no backup of netweave, or only its beginning');
  const body = bytes.subarray(0, last + 1);
  const documents = countLines(body) - 1;
  // There is one spelling of the last line for what stands before it, so that every byte of the file counts.
  const expected = footer(documents, createHash('sha256').update(body).digest('hex'));
  if (!bytes.subarray(last + 1).equals(Buffer.from(expected)))
    throw refuse('is no backup of netweave, is cut off, or was changed: its checksum does not fit');
  const first = FirstLine.safeParse(parsed(body.toString('utf8', 0, body.indexOf(newline))));
  if (!first.success) throw refuse('does not begin like a backup of netweave that this release knows');
  const { netweave: _netweave, at, ...header } = first.data;
  return { header, at, documents, lines: () => linesIn(body) };
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}

function* linesIn(body: Buffer): Generator<string> {
  let from = body.indexOf(newline) + 1;
  for (let to = body.indexOf(newline, from); to >= 0; to = body.indexOf(newline, from)) {
    yield body.toString('utf8', from, to);
    from = to + 1;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
