import { open } from 'node:fs/promises';
import { Fault } from '#schema/errors.js';

/** Where finished lines go; one call at a time. */
export interface Sink {
  write(lines: Buffer): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file. Opening it anew keeps the old one when that fails. Throws Fault INVALID when it cannot be opened. */
export async function fileSink(path: string): Promise<Sink> {
  let file = await open(path, 'a', 0o640).catch((error: Error) => {
    throw new Fault('INVALID', `The access log '${path}' cannot be opened (${error.message}).`, {}, error);
  });
  return {
    write: (lines) => file.appendFile(lines),
    async reopen() {
      const next = await open(path, 'a', 0o640);
      const last = file;
      file = next;
      await last.close();
    },
    close: () => file.close(),
  };
}

// The writer hears of a failure; unheard it would end the process, because whoever read the output went away.
const heard = () => {};

export function stdoutSink(): Sink {
  if (!process.stdout.listeners('error').includes(heard)) process.stdout.on('error', heard);
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        process.stdout.write(lines, (error) => (error ? reject(error) : resolve()));
      }),
    reopen: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
