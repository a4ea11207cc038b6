import type { Surroundings } from './surroundings.js';

/** For so long a fault is said once, milliseconds. */
const quiet = 10_000;

/** Warns of a fault, with what it is about. */
export type Warn = (message: string, about: { readonly err: unknown; readonly subscriptionId?: string }) => void;

/**
 * Says what many meet at once: the first at once, and later how many more there were. A full disk wrote 4 MB of such lines in half
 * a minute, most likely on that disk.
 */
export function faultLog(log: Surroundings['log']): Warn {
  const more = new Map<string, number>();
  return (message, about) => {
    const { err } = about;
    const fault = `${message} ${err instanceof Error ? err.message : String(err)}`;
    const count = more.get(fault);
    if (count !== undefined) return void more.set(fault, count + 1);
    more.set(fault, 0);
    log('warn', message, about);
    const sayMore = (): void => {
      const times = more.get(fault)!;
      more.delete(fault);
      if (times > 0) log('warn', message, { err, times });
    };
    setTimeout(sayMore, quiet).unref();
  };
}
