import type { Socket } from 'node:net';

/**
 * How often something is handed to the kernel from now on, and calls back each time. A client cannot tell: what comes quickly it
 * reads together.
 */
export function writesTo(socket: Socket, wrote = (): void => undefined): { readonly writes: number } {
  const count = { writes: 0 };
  for (const name of ['_write', '_writev'] as const) {
    const write = socket[name]!.bind(socket) as (...given: unknown[]) => void;
    Object.assign(socket, {
      [name](...given: unknown[]) {
        count.writes += 1;
        wrote();
        write(...given);
      },
    });
  }
  return count;
}
