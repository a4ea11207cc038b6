import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { BackupHeader } from '#schema/backup.js';
import { invalid } from '#schema/errors.js';

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

/** Writes lines beside `file` and gives them its name when all of them are on disk; mode 0600. */
export class BackupWriter {
  readonly #file: string;
  readonly #draft: string;
  readonly #descriptor: number;
  readonly #hash: Hash = createHash('sha256');
  #documents = 0;

  constructor(file: string, header: BackupHeader) {
    this.#file = file;
    this.#draft = `${file}.${process.pid}.partial`;
    this.#descriptor = openSync(this.#draft, 'wx', 0o600);
    this.#write(JSON.stringify({ netweave: 'backup', at: new Date().toISOString(), ...header }));
  }

  add(document: string): void {
    this.#write(document);
    this.#documents += 1;
  }

  /** How many documents the file holds. */
  finish(): number {
    writeAll(this.#descriptor, Buffer.from(footer(this.#documents, this.#hash.digest('hex'))));
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    renameSync(this.#draft, this.#file);
    return this.#documents;
  }

  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(this.#draft, { force: true });
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    this.#hash.update(bytes);
    writeAll(this.#descriptor, bytes);
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
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
