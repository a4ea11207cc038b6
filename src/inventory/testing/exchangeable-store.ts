import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';

/** A store on a file that can be exchanged under those who use it, as a failover does; nobody is woken but by `wake`. */
export async function exchangeableStore() {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-view-'));
  const file = join(folder, 'store.db');
  let current = await openEmbeddedStore({ file });
  const wakes = new Set<() => void>();
  const store = new Proxy({} as Store, {
    get: (_, name: keyof Store) => {
      if (name === 'onAppend') return (wake: () => void) => (wakes.add(wake), () => wakes.delete(wake));
      return (...given: never[]) => (current[name] as (...args: never[]) => unknown)(...given);
    },
  });
  const reopen = async (between: () => void) => {
    await current.close();
    between();
    current = await openEmbeddedStore({ file });
  };
  return {
    store,
    wake: () => wakes.forEach((wake) => wake()),
    /** Notes the state to which `cut` goes back. */
    keep: () => reopen(() => copyFileSync(file, `${file}.kept`)),
    cut: () => reopen(() => copyFileSync(`${file}.kept`, file)),
    remove: async () => {
      await current.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
