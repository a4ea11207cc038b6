import { open } from 'node:fs/promises';

/** Where finished lines go; one call at a time. */
export interface Sink {
  write(text: string): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Appends to a file. Opening it anew keeps the old one when that fails. */
export async function fileSink(path: string): Promise<Sink> {
  let file = await open(path, 'a', 0o640);
  return {
    write: (text) => file.appendFile(text),
    async reopen() {
      const next = await open(path, 'a', 0o640);
      const last = file;
      file = next;
      await last.close();
    },
    close: () => file.close(),
  };
}

export function stdoutSink(): Sink {
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    reopen: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
