/** jest's test environment: the process itself, and as it was when the suite has ended. */
export default class ProcessEnvironment {
  global = globalThis;
  #before = { env: { ...process.env }, console: globalThis.console, exit: process.exit };

  async setup() {
    process.exit = (code) => {
      throw new Error(
        `A suite called process.exit(${code ?? ''}); what ends its process belongs into a child process.`,
      );
    };
  }

  async teardown() {
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
