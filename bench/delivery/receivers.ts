import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command, Told } from './receivers-process.js';

export interface Receivers {
  readonly urls: readonly string[];
  tell(command: Command): Promise<Told>;
  stop(): void;
}

/** Starts receivers on loopback in a process of their own. */
export async function receivers(count: number): Promise<Receivers> {
  const child = fork(join(import.meta.dirname, 'receivers-process.js'), [String(count)]);
  const [ports] = (await once(child, 'message')) as [readonly number[]];
  return {
    urls: ports.map((port) => `http://127.0.0.1:${port}/hook`),
    async tell(command) {
      child.send(command);
      return ((await once(child, 'message')) as [Told])[0];
    },
    stop: () => void child.kill(),
  };
}
