import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { entry, write } from './fixtures.js';

/** A program for the kill test: `node append-until-killed.js <file> <run>`. Prints a line for each append that resolved. */
const [file, run] = process.argv.slice(2);
const store = await openEmbeddedStore({ file: file! });
writeSync(1, 'open\n');

/** Every append writes a pair of objects and a cursor, so that half an append would show. */
async function append(n: number): Promise<void> {
  const entries = ['left', 'right'].map((side) => entry('created', `${run}-${n}-${side}`, { n }));
  const { head } = await write(store, { entries, cursor: { instance: run!, cursor: { n: `${n}` } } });
  writeSync(1, `${head.seq}.${head.tag} ${run}-${n}\n`);
}

for (let n = 0; n < 50_000; n += 5) {
  await Promise.all([0, 1, 2, 3, 4].map((ahead) => append(n + ahead)));
}
