import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#schema/errors.js';
import { ConfigurationFault } from '../platform/config/fault.js';
import { filesAtHand } from '../platform/config/files.js';
import { loadConfiguration } from '../platform/config/load.js';
import type { Flags } from '../platform/config/flags.js';
import type { Configuration } from '../platform/config/model.js';
import type { Rule } from '../platform/config/rules.js';
import { createLogger, type Logger } from '../platform/logger.js';
import { storeName } from '../platform/store/open-store.js';
import { mayPass } from '../platform/store/redis/refusal.js';
import { builtInRoles } from '../access/policy.js';
import { allPermissions } from '../operations/operations.js';
import { adapterModels } from '../gateway/adapter-models.js';
import { openGateway, type Gateway } from '../gateway/gateway.js';
import { routingFilters } from '../gateway/routing-filters.js';
import { rootsOf } from '../facades/roots.js';
import { demonstration } from './demo.js';

/** Exit codes, beside 0 and 1 for what nobody foresaw. */
export const exitCodes = { configuration: 2, listen: 3, store: 4, backup: 5 } as const;

export interface StartOptions {
  readonly file?: string;
  readonly flags: Flags;
  readonly env: NodeJS.ProcessEnv;
}

/** A cluster that is tried gets a store of its own: in the demonstration's it would stand beside what nobody has. */
const ownCluster = 'store: { file: ./.netweave/kubernetes.db }';

/** Longest pause before a start begins anew, milliseconds; each is drawn anew. */
const longestPause = 1000;

/** What a start demands of the files that are named. */
export const forStart = filesAtHand(adapterModels);

/** What to say of a configuration without backends, which is allowed: one may follow. */
export function withoutBackends({ backends }: Configuration): string | undefined {
  if (backends.some(({ enabled }) => enabled)) return undefined;
  return 'No backend is enabled, so lists of what backends hold are empty: name one under backends.';
}

/** The effective configuration; the demonstration when nothing names a backend. Throws ConfigurationFault. */
export function configurationOf({ file, flags, env }: StartOptions, demands: readonly Rule[] = []): Configuration {
  const named = file ?? (env['NETWEAVE_CONFIG'] || undefined);
  const nothing = named === undefined && flags.kubeconfig === undefined;
  const source = named === undefined ? { text: nothing ? demonstration : ownCluster } : { file: named };
  const further = [routingFilters, ...demands];
  return loadConfiguration({
    ...source,
    env,
    flags,
    adapterModels,
    builtInRoles,
    permissions: allPermissions,
    further,
  });
}

/** Starts the gateway and says where things are. */
export async function start(options: StartOptions): Promise<Gateway> {
  const began = performance.now();
  const configuration = configurationOf(options, forStart);
  const logger = createLogger(configuration);
  const empty = withoutBackends(configuration);
  if (empty !== undefined) logger.warn(empty);
  const gateway = await opened(configuration, logger);
  announce(gateway, configuration, Math.round(performance.now() - began));
  void followFirstSync(gateway);
  return gateway;
}

/** Opens the gateway; anew while `startTimeout` lasts when its Redis went away after it had been there: nothing was begun yet. */
async function opened(configuration: Configuration, logger: Logger): Promise<Gateway> {
  const giveUp = performance.now() + (configuration.store.redis?.startTimeout ?? 0);
  for (;;) {
    try {
      return await openGateway(configuration, logger);
    } catch (error) {
      const lost = error instanceof Fault && error.detail.at === 'store' && mayPass(error);
      if (!lost || performance.now() >= giveUp) throw error;
      logger.warn(`${error.message} The start begins anew.`);
      await sleep(Math.random() * longestPause);
    }
  }
}

function announce({ url, healthUrl }: Gateway, configuration: Configuration, milliseconds: number): void {
  const { store, mode, runs, metrics } = configuration;
  const health = `  metrics      ${healthUrl}/metrics        health: /livez, /readyz?verbose`;
  if (!runs.includes('api')) {
    console.log(`
netweave is ready after ${milliseconds} ms (${mode}, state kept in ${storeName(store)}); this process runs: ${runs.join(', ')}

${health}
`);
    return;
  }
  const roots = rootsOf(configuration).map(({ name, path, note = '' }) =>
    `  ${name.padEnd(12)} ${url}${path}        ${note}`.trimEnd(),
  );
  if (metrics.listen !== undefined) roots.push(health);
  console.log(`
netweave is ready at ${url} after ${milliseconds} ms (${mode}, state kept in ${storeName(store)})

${roots.join('\n')}
`);
}

/** A line for each backend once its first synchronisation has ended; until then at most one a second, when it has changed. */
async function followFirstSync(gateway: Gateway): Promise<void> {
  const said = new Map<string, string>();
  for (let round = 1; ; round += 1) {
    const open = gateway.progress().filter(({ instance, synced, of, reason }) => {
      const so = `Backend ${instance}: ${synced} of ${of} kinds read${reason === undefined ? '.' : `; ${reason}`}`;
      const line = synced === of ? `Backend ${instance} is read.` : so;
      if (said.get(instance) === line || (synced < of && round % 10 > 0)) return synced < of;
      console.log(line);
      said.set(instance, line);
      return synced < of;
    });
    if (open.length === 0) return;
    await sleep(100, undefined, { ref: false });
  }
}

/** What to say, and how to end, when a start failed. */
export function failure(error: unknown): { readonly message: string; readonly code: number } {
  if (error instanceof ConfigurationFault) return { message: error.message, code: exitCodes.configuration };
  if (!(error instanceof Fault))
    return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), code: 1 };
  const { at } = error.detail;
  if (at === 'listen') return { message: error.message, code: exitCodes.listen };
  if (at === 'backup') return { message: error.message, code: exitCodes.backup };
  if (at === 'store') return { message: error.message, code: exitCodes.store };
  return { message: error.message, code: error.code === 'INVALID' ? exitCodes.configuration : 1 };
}
