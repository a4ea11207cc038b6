import { Fault } from '#schema/errors.js';
import { storeAtHand } from '../platform/config/files.js';
import { printConfiguration } from '../platform/config/print.js';
import type { Configuration } from '../platform/config/model.js';
import { createLogger, type Logger } from '../platform/logger.js';
import { version } from '../platform/version.js';
import { shutdownOnSignals } from '../platform/shutdown.js';
import { adapterModels } from '../gateway/adapter-models.js';
import { parseArguments, UsageFault, type Arguments } from './arguments.js';
import { restoreBackup, writeBackup } from './backup.js';
import { help } from './help.js';
import { listInstances, removeInstance } from './instance.js';
import { acceptKeyOf } from './key.js';
import { reloadOnHangUp } from './reload.js';
import { remoteAt, remoteOf, type Remote } from './remote.js';
import type { Gateway } from '../gateway/gateway.js';
import { configurationOf, exitCodes, failure, forStart, start, withoutBackends, type StartOptions } from './start.js';

/** Where a command writes; the process's own streams when absent. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

const own: Terminal = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

/** Runs a command line and returns its exit code; after `start` the gateway goes on until a signal ends the process. */
export async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  terminal = own,
): Promise<number> {
  try {
    await perform(parseArguments(args), env, terminal);
    return 0;
  } catch (error) {
    const { message, code } =
      error instanceof UsageFault ? { message: error.message, code: exitCodes.configuration } : failure(error);
    terminal.error(`${message}\n`);
    return code;
  }
}

async function perform(
  { command, operand, file, flags, url, replace = false }: Arguments,
  env: NodeJS.ProcessEnv,
  { out, error }: Terminal,
): Promise<void> {
  const waits = (message: string) => error(`${message}\n`);
  const options: StartOptions = { flags, env, ...(file === undefined ? {} : { file }) };
  switch (command) {
    case 'help':
      return out(help);
    case 'version':
      return out(`${version()}\n`);
    case 'config check':
      return out(summary(configurationOf(options, [...forStart, storeAtHand])));
    case 'config print':
      return out(printConfiguration(configurationOf(options), adapterModels));
    case 'instance list':
      return out(await listInstances(configurationOf(options)));
    case 'instance remove':
      return out(await removeInstance(configurationOf(options), operand!));
    case 'key accept':
      return out(await acceptKeyOf(configurationOf(options)));
    case 'backup':
      return out(await backingUp(() => writeBackup(remote(url, options, waits), operand!)));
    case 'restore':
      return out(await backingUp(() => restoreBackup(remote(url, options, waits), operand!, replace)));
    case 'start': {
      const standing: { gateway?: Gateway } = {};
      const logger = createLogger({ mode: 'development' });
      // One that still starts may be waiting for its store: it has nothing to finish.
      const steps = [
        { name: 'farewell', run: () => standing.gateway?.leave() },
        { name: 'gateway', run: () => standing.gateway?.close() },
      ];
      shutdownOnSignals(steps, logger);
      const stands = reloadOnHangUp(() => configurationOf(options), logger);
      standing.gateway = await start(options);
      stands(standing.gateway);
      void standing.gateway.lost.then((why) => endAtOnce(why, logger));
    }
  }
}

/** Whatever it went on with would be lost. */
function endAtOnce(why: Fault, logger: Logger): never {
  logger.fatal(why.message);
  process.exit(failure(why).code);
}

function remote(url: string | undefined, options: StartOptions, waits: Remote['waits']): Remote {
  const { env } = options;
  return url === undefined ? remoteOf(configurationOf(options), env, waits) : remoteAt(url, env, waits);
}

/** Whatever comes between is of one kind for a script: there is no backup, or nothing was restored. */
async function backingUp(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Fault ? new Fault(error.code, error.message, { at: 'backup' }, error) : error;
  }
}

function summary(configuration: Configuration): string {
  const { mode, backends, tokens } = configuration;
  const named = backends.map(({ key, type }) => `${key} (${type})`).join(', ') || 'none';
  const good = `The configuration is good. Mode ${mode}; backends: ${named}; tokens: ${tokens.length}.`;
  return `${[good, withoutBackends(configuration) ?? []].flat().join(' ')}\n`;
}
