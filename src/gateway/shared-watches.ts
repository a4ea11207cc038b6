import type { Coverage } from '#subscriptions/coverage.js';
import type { Feed } from '#subscriptions/feed.js';
import { presence as newPresence, type Presence } from '#subscriptions/presence.js';
import type { Watcher } from '#subscriptions/watcher.js';
import { watching as newWatching, type Watching } from '#subscriptions/watching.js';
import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Lease, Store } from '../platform/store/store.js';
import { following as newFollowing, type Following } from './following.js';
import { listenersOf, reachedAt } from './own-servers.js';

/** The processes that share a store, and what this one is called among them. */
export interface Members {
  readonly holder: string;
  readonly presence: Presence;
  /** Whether the store is of our key still, behind saying that we are there: who accepts another sees us, or we see that. */
  lookAtKey(): Promise<void>;
}

interface Parts {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly feed: Feed;
  readonly coverage: Coverage;
  readonly logger: Logger;
  readonly members: Members;
  instances(): readonly string[];
  begin(instance: string, fence: Lease): Watcher;
}

export interface SharedWatches {
  readonly watching: Watching;
  readonly following: Following;
  start(): void;
  stop(): Promise<void>;
}

/** A lease that lapsed is taken within this time. */
const every = 1_000;

/** For a store of several gateways: each backend is watched by one of them, and the others follow how that fares. */
export function shareWatches(parts: Parts): SharedWatches {
  const { configuration, coverage, logger, store, members } = parts;
  const { holder, presence } = members;
  const instances = configuration.backends.flatMap(({ key, enabled }) => (enabled ? [key] : []));
  const leaseOf = (instance: string) => watching.leaseOf(instance);
  const following = newFollowing({ store, coverage, presence, holder, instances, leaseOf });
  const watching = newWatching({
    ...parts,
    holder,
    presence,
    watches: configuration.runs.includes('watch'),
    idle: (instance) => following.idle(instance),
    log: (level, message, fields) => logger[level](fields, message),
  });
  const round = async (): Promise<void> => {
    // Nothing of this may keep leases from being renewed.
    const known = presence
      .tick()
      .then(() => members.lookAtKey())
      .then(() => following.read());
    await Promise.allSettled([known, watching.tick()]);
    await known;
    await following.tell(instances.filter((instance) => watching.holds(instance)));
  };
  const rounds = repeat(round, (error) => logger.warn({ err: error }, 'The other gateways cannot be followed.'));
  return {
    watching,
    following,
    start: () => rounds.start(),
    async stop() {
      await rounds.stop();
      await watching.stop();
      await presence.leave().catch(() => undefined);
    },
  };
}

/** Runs a round a second, never two at once; the first at once. */
function repeat(round: () => Promise<void>, failed: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let faults = 0;
  const run = (): void => {
    running ??= round()
      .then(
        () => void (faults = 0),
        // Once for each time that the store is away.
        (error: unknown) => (faults++ === 0 ? failed(error) : undefined),
      )
      .finally(() => (running = undefined));
  };
  return {
    start() {
      run();
      timer = setInterval(run, every);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** How this process is known to the others. */
export function membersOf(
  store: Store,
  holder: string,
  configuration: Configuration,
  { url, lookAtKey }: Pick<Members, 'lookAtKey'> & { readonly url: string },
): Members {
  const watches = configuration.runs.includes('watch');
  const listens = () => reachedAt(listenersOf(configuration, url));
  return { holder, presence: newPresence(store, { holder, watches, listens }), lookAtKey };
}
