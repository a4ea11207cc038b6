import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startChild, type Child } from '../peers/child.js';
import { freePort } from '../peers/free-port.js';
import { textOf } from '../peers/two-gateways.js';

/** A gateway process that is started again whenever it ends, as an orchestrator does, unless it is held down. */
export interface Gateway {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly alive: boolean;
  /** SIGKILL. Stays down until `start`. */
  kill(): Promise<void>;
  /** SIGTERM: resolves with its exit code when it has ended. Stays down until `start`. */
  stop(): Promise<number | undefined>;
  start(): void;
  pause(): void;
  resume(): void;
  /** One of its metrics; 0 when it does not answer. */
  metric(name: string): Promise<number>;
}

export interface Gateways {
  readonly all: readonly Gateway[];
  /** Whenever one of them ended without having been killed: the last line of its log. */
  readonly endings: readonly string[];
  /** Resolves when all have read the backend. */
  ready(within: number): Promise<void>;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const preload = fileURLToPath(new URL('./names-from-file.js', import.meta.url));

/** Starts gateways of one configuration. `names`: the file that says whether names can be resolved. */
export async function startGateways(
  count: number,
  folder: string,
  { config, names }: { readonly config: string; readonly names: string },
): Promise<Gateways> {
  const endings: string[] = [];
  let closed = false;
  const resolver = pathToFileURL(preload);
  resolver.searchParams.set('file', names);
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps', '--import', resolver.href];

  async function open(name: string) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const run = () =>
      startChild(
        process.execPath,
        [...flags, program, '--config', config, '--port', String(port)],
        join(folder, `${name}.log`),
      );
    let child: Child = run();
    let down = false;
    const keep = setInterval(() => {
      if (child.alive || down || closed) return;
      endings.push(`${name}: ${child.logTail().split('\n').at(-1)}`);
      child = run();
    }, 500);
    const gateway: Gateway = {
      name,
      url,
      get pid() {
        return child.pid;
      },
      get alive() {
        return child.alive;
      },
      kill: () => {
        down = true;
        return child.kill();
      },
      stop: () => {
        down = true;
        return child.terminate();
      },
      start: () => {
        down = false;
        if (!child.alive) child = run();
      },
      pause: () => child.pause(),
      resume: () => child.resume(),
      metric: async (metric) => {
        const lines = (await textOf(`${url}/metrics`)).split('\n').filter((line) => line.startsWith(metric));
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
      },
    };
    const close = () => {
      clearInterval(keep);
      return child.alive ? child.kill() : Promise.resolve();
    };
    return { gateway, close };
  }

  const opened: Awaited<ReturnType<typeof open>>[] = [];
  for (let n = 1; n <= count; n += 1) opened.push(await open(`gateway-${n}`));
  const all = opened.map(({ gateway }) => gateway);
  return {
    all,
    endings,
    ready: async (within) => {
      const giveUp = Date.now() + within;
      for (const { name, url } of all)
        while (!(await textOf(`${url}/readyz?verbose`, 2000)).includes('[+] backend')) {
          if (Date.now() > giveUp) throw new Error(`${name} was not ready within ${within / 1000} s.`);
          await sleep(200);
        }
    },
    close: async () => {
      closed = true;
      await Promise.all(opened.map(({ close }) => close()));
    },
  };
}
