import { Worker } from 'node:worker_threads';

/** How long a suite may take, milliseconds: far beyond what any takes on a slow machine. */
const longest = Number(
  process.env.NETWEAVE_TEST_LONGEST_SUITE ?? (process.env.NETWEAVE_TEST_SUITE === 'unit' ? 300_000 : 900_000),
);
let overdue;

/** jest's test environment: the process itself, and as it was when the suite has ended. */
export default class ProcessEnvironment {
  global = globalThis;
  #before = { env: { ...process.env }, console: globalThis.console, exit: process.exit };
  #suite;

  constructor(_config, { testPath }) {
    this.#suite = testPath;
  }

  async setup() {
    overdue ??= new Worker(new URL('overdue.mjs', import.meta.url), { workerData: { longest } });
    overdue.unref();
    overdue.postMessage(this.#suite);
    process.exit = (code) => {
      throw new Error(
        `A suite called process.exit(${code ?? ''}); what ends its process belongs into a child process.`,
      );
    };
  }

  async teardown() {
    overdue.postMessage(undefined);
    const { env, console, exit } = this.#before;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    globalThis.console = console;
    process.exit = exit;
  }

  /** There is none: nothing runs in a context of its own. */
  getVmContext() {
    return null;
  }
}
