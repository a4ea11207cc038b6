import { types } from 'node:util';
import { Fault } from '#schema/errors.js';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) and what a person can do about each. */
const remedies: Readonly<Record<number, string>> = {
  3: 'may not be opened: give this user read and write permission on the file and its folder.',
  5: 'is in use by another gateway. Stop that one, or name another file (--memory: none); several replicas of one gateway need Redis.',
  8: 'cannot be written: give this user write permission on the file and its folder.',
  10: 'could not be read or written: the disk reported an error. Check the disk, then start again.',
  11: 'is damaged. Restore a backup, or move the file away: what backends report is rebuilt, owned documents are lost.',
  13: 'cannot grow: the disk is full. Make room, nothing else is needed.',
  14: 'cannot be opened: check that it is a file, and that this user may read and write it and its folder.',
  26: 'is not a netweave store. Name another file, or move this one away.',
};

/** Without a file where clients are told, who need not know where it is. */
function refused(file: string | undefined, remedy: string, cause?: unknown): Fault {
  const store = file === undefined ? 'The store' : `The store ${file}`;
  return new Fault('UNAVAILABLE', `${store} ${remedy}`, { at: 'store' }, cause);
}

export function foreignDatabase(file: string): Fault {
  return refused(file, 'is a SQLite database of another program. Name another file, or move this one away.');
}

export function newerSchema(file: string, found: number, known: number): Fault {
  const versions = `schema ${found}, this release knows ${known}`;
  return refused(
    file,
    `was written by a newer netweave (${versions}). Start that release, or restore an older backup.`,
  );
}

function removed(file: string | undefined, cause: unknown): Fault {
  return refused(
    file,
    'was removed or replaced while this gateway had it open: nothing is written any more. Start again.',
    cause,
  );
}

/** After an fsync that failed: the kernel forgets what it could not write, so that a second one would say all is well. */
export function notDurable(file: string | undefined, cause: unknown): Fault {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return removed(file, cause);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return refused(file, full ? 'cannot grow: the disk is full. Make room, then start again.' : remedies[10]!, cause);
}

/** Turns an error of SQLite or of the file system into a Fault that names the fix, and the file; others stay as they are. */
export function explain(file: string | undefined, error: unknown): unknown {
  if (!types.isNativeError(error) || error instanceof Fault) return error;
  const { code, errcode } = error as Error & { readonly code?: unknown; readonly errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') {
    return refused(file, remedies[errcode & 0xff] ?? `failed: ${error.message} (SQLite ${errcode}).`, error);
  }
  if (code === 'ERR_INVALID_STATE') return refused(file, 'is closed: the gateway is shutting down.', error);
  if (code === 'EACCES' || code === 'EPERM') return refused(file, remedies[3]!, error);
  if (code === 'EROFS') return refused(file, remedies[8]!, error);
  if (code === 'ENOSPC') return refused(file, remedies[13]!, error);
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return refused(file, 'cannot be made: what should be its folder is a file. Name a file in a folder.', error);
  }
  if (code === 'ENOENT') {
    return refused(
      file,
      'cannot be made: its folder leads nowhere. Is the volume mounted that a link points to?',
      error,
    );
  }
  return error;
}
