import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as users start it, in a process of its own. */
export interface GatewayProcess extends Launched {
  /** Where it said that it answers, if only for its metrics; empty when it ended before. */
  readonly url: string;
}

export interface Launched {
  readonly pid: number;
  /** What it printed so far. */
  readonly out: string;
  readonly error: string;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
}

const program = fileURLToPath(new URL('../src/main.js', import.meta.url));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the program in a folder of its own; resolves when it says that it is ready, or has ended. */
export async function startProcess(folder: string, ...args: readonly string[]): Promise<GatewayProcess> {
  return launchProcess(folder, ...args).ready();
}

/** Starts it without waiting for it. */
export function launchProcess(
  folder: string,
  ...args: readonly string[]
): Launched & { ready(): Promise<GatewayProcess> } {
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps'];
  const env = { PATH: process.env['PATH'], NETWEAVE_ACCESS_LOG_ENABLED: 'false' };
  const child = spawn(process.execPath, [...flags, program, ...args], { cwd: folder, env });
  running.add(child);
  const said = { out: '', error: '' };
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal!);
    });
  });
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()));
  const ready = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
      const url = /(?<=ready at )http\S+|http\S+(?=\/metrics)/.exec(said.out)?.[0];
      if (url !== undefined) resolve(url);
    });
  });
  const launched: Launched = {
    pid: child.pid!,
    get out() {
      return said.out;
    },
    get error() {
      return said.error;
    },
    ended,
    signal: (name) => void child.kill(name),
  };
  const url = Promise.race([ready, ended.then(() => '')]);
  return Object.assign(launched, { ready: async () => Object.assign(launched, { url: await url }) });
}
