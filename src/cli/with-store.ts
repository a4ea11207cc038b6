import { existsSync } from 'node:fs';
import { Fault } from '#schema/errors.js';
import type { Configuration } from '../platform/config/model.js';
import { openStore } from '../platform/store/open-store.js';
import type { Store } from '../platform/store/store.js';

/** Works on the store that is configured, while no gateway has it. Throws Fault UNAVAILABLE that says why it cannot be had. */
export async function withStore<T>(configuration: Configuration, work: (store: Store) => Promise<T>): Promise<T> {
  const { memory, file, redis } = configuration.store;
  const fault = (message: string) => new Fault('UNAVAILABLE', message, { at: 'store' });
  if (memory) throw fault('The configuration keeps nothing on disk (store.memory), so there is nothing to look at.');
  if (!redis && !existsSync(file))
    throw fault(`There is no store at ${file}. Name the configuration of the gateway with --config.`);
  const store = await openStore(configuration.store).catch((error: unknown) => {
    if (!isLocked(error)) throw error;
    throw fault(`The store ${file} is in use by a running gateway: stop it, run this again, then start it.`);
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** SQLITE_BUSY (https://sqlite.org/rescode.html): another process holds the file. */
function isLocked(error: unknown): boolean {
  const { errcode } = ((error as Fault).cause ?? {}) as { readonly errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}
