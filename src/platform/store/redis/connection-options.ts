import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { RedisSettings } from '../../config/redis.js';
import { refused } from './refusal.js';

/** How the server is called in messages. */
export function nameOf({ host, port, sentinels, name }: RedisSettings): string {
  if (sentinels.length === 0) return `${host}:${port}`;
  return `'${name}' of ${sentinels.map((each) => `${each.host}:${each.port}`).join(', ')}`;
}

/** What ioredis is told. Throws Fault UNAVAILABLE for a file that cannot be read. */
export function connectionOptions(settings: RedisSettings): RedisOptions {
  const { host, port, sentinels, name, username, database } = settings;
  const password =
    settings.passwordFile === undefined ? settings.password : read(settings, settings.passwordFile).trim();
  const tls = tlsOptions(settings);
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
  commandTimeout: 2000,
  sentinelCommandTimeout: 1000,
  // Longer than any answer takes: a peer that vanished without a word is dialled anew.
  socketTimeout: 5000,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  // A deposed primary takes writes for seconds, which are lost: the sentinels tell when to leave it.
  failoverDetector: true,
  reconnectOnError: ({ message }) => message.includes('READONLY'),
  retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  // Nothing is sent twice or kept for later: what is lost with its connection fails at once.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
};

function tlsOptions(settings: RedisSettings): ConnectionOptions | undefined {
  const { tls } = settings;
  if (!tls) return undefined;
  const file = (path: string | undefined) => (path === undefined ? undefined : read(settings, path));
  const { servername } = tls;
  return given({ ca: file(tls.ca), cert: file(tls.certificate), key: file(tls.key), servername });
}

function read(settings: RedisSettings, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(
      nameOf(settings),
      `needs the file '${file}', which cannot be read (${(error as Error).message}).`,
      error,
    );
  }
}

/** Without what is absent. */
function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
