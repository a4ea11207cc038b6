import { Fault } from '#schema/errors.js';
import { counted } from '#schema/counted.js';
import { removeObjectsOf } from '#subscriptions/remove-instance.js';
import { newHolder } from '#subscriptions/watching.js';
import { watchLeaseTtl, whileUnwatched } from '#subscriptions/watch-lease.js';
import { allRemembered, forget, type Remembered } from '../gateway/remembered.js';
import type { Configuration } from '../platform/config/model.js';
import { suggestion } from '#schema/suggestion.js';
import type { Store } from '../platform/store/store.js';
import { audited } from './audited.js';
import { withStore } from './with-store.js';

/** A line for each backend that the store knows or the configuration names. Throws Fault UNAVAILABLE for the store. */
export async function listInstances(configuration: Configuration): Promise<string> {
  return withStore(configuration, async (store) => {
    const remembered = await allRemembered(store);
    const states = new Map(configuration.backends.map(({ key, enabled }) => [key, enabled ? 'enabled' : 'disabled']));
    const keys = [...new Set([...states.keys(), ...remembered.keys()])];
    const lines: string[][] = [['KEY', 'STATE', 'OBJECTS', 'LAST CURRENT']];
    for (const key of keys) {
      const state = states.get(key) ?? 'not in the configuration';
      lines.push([key, state, String(await countOf(store, key)), lastCurrent(remembered.get(key))]);
    }
    return table(lines);
  });
}

/**
 * Deletes what is kept of a backend that the configuration no longer names, with a change in the log for every object. Throws
 * Fault INVALID for a backend that is still named or was never known, UNAVAILABLE for the store and while a gateway reads it.
 */
export async function removeInstance(configuration: Configuration, key: string): Promise<string> {
  if (configuration.backends.some((backend) => backend.key === key)) {
    const why = 'it would be read again at the next start. Take it out of `backends` first';
    throw new Fault('INVALID', `The backend '${key}' is still in the configuration: ${why}.`);
  }
  return withStore(configuration, async (store) => {
    const known = [...(await allRemembered(store)).keys()];
    if (!known.includes(key)) {
      const list = known.length === 0 ? 'none' : known.join(', ');
      throw new Fault('INVALID', `The store knows no backend '${key}'.${suggestion(key, known)} Known: ${list}.`);
    }
    const removed = await whileUnwatched(store, { instance: key, holder: newHolder() }, (fence) =>
      audited(store, 'instances.remove', key, async () => {
        const objects = await removeObjectsOf(store, key, fence);
        if (!(await forget(store, key, fence))) throw isRead(key);
        return objects;
      }),
    );
    if (!removed) throw isRead(key);
    return `Removed ${counted(removed.done, 'object')} of '${key}'. Subscribers are told by the gateways that run, or by the next one.\n`;
  });
}

function isRead(key: string): Fault {
  const message =
    `A running gateway reads the backend '${key}': take it out of the configuration of every gateway and start them anew. ` +
    `One that crashed counts as running for ${watchLeaseTtl / 1000} seconds.`;
  return new Fault('UNAVAILABLE', message, { at: 'store' });
}

async function countOf(store: Store, key: string): Promise<number> {
  let count = 0;
  for await (const chunk of store.objectsOf(key)) count += chunk.length;
  return count;
}

function lastCurrent(remembered: Remembered | undefined): string {
  const times = Object.values(remembered?.fresh ?? {});
  return times.length === 0 ? 'never' : new Date(Math.min(...times)).toISOString();
}

function table(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const row = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  return lines.map((line) => `${row(line).trimEnd()}\n`).join('');
}
