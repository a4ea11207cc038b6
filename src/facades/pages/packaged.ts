import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { resolve } = createRequire(import.meta.url);

/** A file of an installed package, found now and read when it is first asked for. Throws when the package is not there. */
export function packaged(name: string, file: string): () => Promise<Buffer> {
  const path = join(dirname(resolve(`${name}/package.json`)), file);
  return () => readFile(path);
}
