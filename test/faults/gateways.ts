import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../peers/child.js';
import { freePort } from '../peers/free-port.js';
import { textOf } from '../peers/two-gateways.js';
import type { Holdings } from './live/told-by-signal.js';

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
  /** What it holds, told by itself. */
  holdings(): Promise<Holdings>;
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
/** A module to load before the gateway, and the file by which it is spoken to. */
function preload(module: string, file: string): readonly string[] {
  const url = new URL(module, import.meta.url);
  url.searchParams.set('file', file);
  return ['--import', url.href];
}

async function holdingsOf(pid: number, file: string): Promise<Holdings> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const giveUp = Date.now() + 10_000;
  for (;;) {
    if (Date.now() > giveUp) throw new Error(`Process ${pid} does not tell what it holds.`);
    await sleep(50);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('}')) return JSON.parse(text) as Holdings;
  }
}

/** Starts gateways of one configuration. `names`: the file that says whether names can be resolved. */
export async function startGateways(
  count: number,
  folder: string,
  { config, names }: { readonly config: string; readonly names: string },
): Promise<Gateways> {
  const endings: string[] = [];
  let closed = false;
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps', '--expose-gc'];
  flags.push(...preload('./names-from-file.js', names));

  async function open(name: string) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const held = join(folder, `${name}.holdings`);
    const telling = preload('./live/told-by-signal.js', held);
    const run = () =>
      startChild(
        process.execPath,
        [...flags, ...telling, program, '--config', config, '--port', String(port)],
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
      holdings: () => holdingsOf(child.pid, held),
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
