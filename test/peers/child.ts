import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A server process that this test run started, and that ends with it. */
export interface Child {
  readonly pid: number;
  readonly alive: boolean;
  /** SIGSTOP: sockets stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  /** SIGKILL, also of a paused process; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code when it is gone, with undefined when a signal ended it. */
  terminate(): Promise<number | undefined>;
  /** The end of what it logged, for error messages. */
  logTail(): string;
}

// The kernel ends a server whose test run was killed with no chance to clean up.
const untilParentDies = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];

const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) process.kill(pid, 'SIGKILL');
});

/** Starts a program whose output goes to `logFile` (appended, so that a restart keeps what came before). */
export function startChild(program: string, args: readonly string[], logFile: string): Child {
  const log = openSync(logFile, 'a');
  const [command, ...rest] = [...untilParentDies, program, ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', log, log] });
  closeSync(log);
  child.once('error', () => undefined); // the missing pid below says it
  const { pid } = child;
  if (pid === undefined)
    throw new Error(`${program} could not be started: is it installed? Peers are built by: node scripts/peers.mjs`);
  running.add(pid);
  const gone = new Promise<number | undefined>((resolve) => {
    child.once('exit', (code) => {
      running.delete(pid);
      resolve(code ?? undefined);
    });
  });
  return {
    pid,
    get alive() {
      return running.has(pid);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    terminate: () => {
      child.kill('SIGTERM');
      return gone;
    },
    logTail: () => {
      const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
      return `last lines of ${basename(logFile)}:\n${lines.slice(-15).join('\n')}`;
    },
  };
}
