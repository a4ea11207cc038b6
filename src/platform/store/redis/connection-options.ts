import type { RedisOptions } from 'ioredis';
import type { RedisSettings } from '../../config/redis.js';
import { textOf, tlsOptions } from './tls-files.js';

/** How the server is called in messages. */
export function nameOf({ host, port, sentinels, name }: RedisSettings): string {
  if (sentinels.length === 0) return `${host}:${port}`;
  return `'${name}' of ${sentinels.map((each) => `${each.host}:${each.port}`).join(', ')}`;
}

/** What ioredis is told. Throws Fault UNAVAILABLE for a file that cannot be read. */
export function connectionOptions(settings: RedisSettings): RedisOptions {
  const { host, port, sentinels, name, username, database } = settings;
  const [file, server] = [settings.passwordFile, nameOf(settings)];
  const password = file === undefined ? settings.password : textOf(file, server).trim();
  const tls = tlsOptions(settings, server);
  const where = sentinels.length === 0 ? { host, port } : { sentinels: [...sentinels], name: name! };
  return {
    ...where,
    ...given({ username, password, tls }),
    ...given({ sentinelUsername: settings.sentinelUsername, sentinelPassword: settings.sentinelPassword }),
    ...(tls && sentinels.length > 0 ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
    db: database,
    ...behaviour,
  };
}

const behaviour: RedisOptions = {
  connectionName: 'netweave',
  connectTimeout: 2000,
  // What else a refusal takes is within the two seconds that a request waits at most.
  commandTimeout: 1800,
  sentinelCommandTimeout: 1000,
  // Longer than any answer takes: a peer that vanished without a word is dialled anew.
  socketTimeout: 5000,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  // A deposed primary takes writes for seconds, which are lost: the sentinels tell when to leave it.
  failoverDetector: true,
  reconnectOnError: ({ message }) => message.includes('READONLY'),
  // Drawn anew each time: all gateways of a fleet lose a server at the same moment.
  retryStrategy: (attempt) => Math.random() * Math.min(100 * attempt, 1000),
  sentinelRetryStrategy: (attempt) => Math.random() * Math.min(100 * attempt, 1000),
  // Nothing is sent twice or kept for later: what is lost with its connection fails at once.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
};

/** Without what is absent. */
function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
