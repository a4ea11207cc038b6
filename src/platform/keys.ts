import { hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '#schema/errors.js';
import type { Configuration } from './config/model.js';
import { makeFolder } from './folders.js';
import { syncFolderOf } from './sync-folder.js';

/** What a sub-key is for; one purpose never sees another's bytes. */
export type Purpose = 'markers' | 'secrets';

export interface Keys {
  /** 32 bytes, the same for as long as the configured key is. */
  subKey(purpose: Purpose): Buffer;
}

/**
 * Sub-keys (HKDF-SHA-256, RFC 5869) of the configured key; in development one is made beside the store (mode 0600) when none is
 * configured, and with `store.memory` one that ends with the process. None is made for a store that `hasOne`: it would be another
 * one. Throws UNAVAILABLE when the key cannot be had.
 */
export function openKeys(
  { mode, key, keyFile, store }: Pick<Configuration, 'mode' | 'key' | 'keyFile' | 'store'>,
  hasOne = false,
): Keys {
  const root = rootKey();
  return { subKey: (purpose) => Buffer.from(hkdfSync('sha256', root, '', `netweave ${purpose}`, 32)) };

  function rootKey(): Buffer {
    if (key !== undefined) return decode(key, 'key');
    if (keyFile !== undefined) return decode(read(keyFile), keyFile);
    if (mode === 'production') throw new Fault('UNAVAILABLE', 'Production needs a key: set NETWEAVE_KEY or keyFile.');
    return store.memory ? randomBytes(32) : madeBeside(store.file, hasOne);
  }
}

// Written whole under another name first, then linked: of two gateways that start at once both use the one that won.
function madeBeside(storeFile: string, hasOne: boolean): Buffer {
  const file = join(dirname(storeFile), 'key');
  const draft = `${file}.${process.pid}`;
  try {
    return decode(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(file, error);
  }
  if (hasOne) throw missing(file);
  try {
    makeFolder(dirname(file), 0o700);
    writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true });
    linkSync(draft, file);
    // Before anything is sealed with it.
    syncFolderOf(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(file, error);
  } finally {
    rmSync(draft, { force: true });
  }
  return decode(read(file), file);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const message = `The key in '${file}' cannot be read or made: ${(cause as Error).message}. Set NETWEAVE_KEY or keyFile.`;
  return new Fault('UNAVAILABLE', message, {}, cause);
}

function missing(file: string): Fault {
  const message =
    `The key '${file}' is missing, and the store is of one: no secret in it could be read. Bring that file back, or give its ` +
    'content as NETWEAVE_KEY; all gateways of one Redis have the same. If it is lost, run `netweave key accept` (in a clone: ' +
    '`npm start -- key accept`), which says what it costs.';
  return new Fault('UNAVAILABLE', message, { at: 'store' });
}

function decode(text: string, where: string): Buffer {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length === 32) return bytes;
  throw new Fault(
    'UNAVAILABLE',
    `'${where}' does not hold 32 bytes in base64; make a key with \`openssl rand -base64 32\`.`,
  );
}
