import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { once } from 'node:events';

/** A process of the bench's own; ended by `stop`, or with the bench. */
export interface Spawned {
  readonly pid: number;
  /** The first match in what the process has printed or will print. Rejects when it ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** Servers run on one core, whoever loads them on the other, so that neither takes the other's time. */
export const cores = { server: 0, load: 1 } as const;

// Asked once: who is kept on a core itself is told of one only.
const possible = availableParallelism() > 1 && existsSync('/usr/bin/taskset');

/** The command line that keeps a program on a core; without taskset, or with one core only, it runs anywhere. */
export function pinned(core: number, argv: readonly string[]): readonly string[] {
  return possible ? ['/usr/bin/taskset', '-c', String(core), ...argv] : argv;
}

/** Keeps what runs already, with all of its threads, on a core; where `pinned` lets it run anywhere, so does this. */
export function pin(core: number, pid: number): void {
  const [program, ...args] = pinned(core, [String(pid)]);
  if (args.length > 0) execFileSync(program!, ['-a', '-p', ...args]);
}

const running = new Set<Spawned>();

/** Starts a program on a core, or on any. What it writes to stderr is shown when it ends by itself. */
export function start(core: number | undefined, argv: readonly string[]): Spawned {
  const [program, ...args] = core === undefined ? argv : pinned(core, argv);
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const ended = once(child, 'exit');
  let text = '';
  let complaints = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk));
  const spawned: Spawned = {
    pid: child.pid!,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(() =>
          reject(new Error(`${argv.join(' ')} ended before it said ${pattern}:\n${text}${complaints}`)),
        );
      }),
    async stop() {
      running.delete(spawned);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
  running.add(spawned);
  return spawned;
}

/** Ends whatever still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((each) => each.stop()));
}
