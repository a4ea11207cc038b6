import { defaultStoreFile, type Configuration } from './model.js';
import { alwaysClosed, loopback as loopbackNetworks, networksOf } from '../outbound/address.js';
import { parseEntry } from '../outbound/allow.js';
import { isLoopback } from '../loopback.js';
import { references } from './references.js';

/** What a rule found, and where. */
export interface Broken {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A demand on the configuration as a whole. */
export interface Rule {
  readonly name: string;
  check(configuration: Configuration, known: Known): Iterable<Broken>;
}

/** Names that only outer rings know. */
export interface Known {
  /** Built-in roles; roles of tokens are not looked up when absent. */
  readonly roles?: readonly string[];
  /** Every permission that an operation demands; permissions of roles are not looked up when absent. */
  readonly permissions?: ReadonlySet<string>;
}

const environment: readonly Rule[] = [
  {
    name: 'production-needs-tokens',
    *check({ mode, tokens }) {
      if (mode !== 'production' || tokens.length > 0) return;
      yield {
        path: ['tokens'],
        message: 'Production needs at least one token, or nobody could call. Add one under tokens.',
      };
    },
  },
  {
    name: 'production-needs-key',
    *check({ mode, key, keyFile }) {
      if (mode !== 'production' || key !== undefined || keyFile !== undefined) return;
      const how = 'set NETWEAVE_KEY or keyFile (`openssl rand -base64 32` makes one), the same for every replica';
      yield { path: ['key'], message: `Production needs a key: ${how}.` };
    },
  },
  {
    name: 'production-needs-tls',
    *check({ mode, tls, behindProxy }) {
      if (mode !== 'production' || tls || behindProxy) return;
      const message =
        'Production would send tokens in the clear: set tls, or behindProxy: true when a proxy in front ends TLS.';
      yield { path: ['tls'], message };
    },
  },
  {
    name: 'development-stays-on-this-machine',
    *check({ mode, listen, metrics }) {
      if (mode !== 'development') return;
      const how =
        'Development listens on this machine only (127.0.0.1, ::1, localhost); set mode: production to be reached from elsewhere.';
      if (!isLoopback(listen.host)) yield { path: ['listen', 'host'], message: how };
      if (metrics.listen && !isLoopback(metrics.listen.host))
        yield { path: ['metrics', 'listen', 'host'], message: how };
    },
  },
  {
    name: 'one-key',
    *check({ key, keyFile }) {
      if (key === undefined || keyFile === undefined) return;
      yield { path: ['keyFile'], message: 'Both key and keyFile are set; remove one.' };
    },
  },
  {
    name: 'one-store',
    *check({ store: { file, memory, redis } }) {
      if (!redis) return;
      const both = (path: string) => ({
        path: ['store', path],
        message: `Both store.${path} and store.redis are set; remove one.`,
      });
      if (memory) yield both('memory');
      if (file !== defaultStoreFile) yield both('file');
    },
  },
  {
    name: 'one-redis-password',
    *check({ store: { redis } }) {
      if (redis?.password === undefined || redis.passwordFile === undefined) return;
      yield {
        path: ['store', 'redis', 'passwordFile'],
        message: 'Both password and passwordFile are set; remove one.',
      };
    },
  },
  {
    name: 'sentinels-are-asked-for-a-name',
    *check({ store: { redis } }) {
      if (!redis || redis.sentinels.length > 0 === (redis.name !== undefined)) return;
      const message =
        redis.name === undefined
          ? 'Sentinels know a primary by its name: set name as in `sentinel monitor NAME`.'
          : 'A name is what Sentinels call the primary: set sentinels, or remove name.';
      yield { path: ['store', 'redis', 'name'], message };
    },
  },
  {
    name: 'a-store-of-one-process-needs-all-of-it',
    *check({ runs, store: { redis } }) {
      if (redis || (runs.includes('api') && runs.includes('watch') && runs.includes('deliver'))) return;
      const message = 'Only gateways that share a Redis can divide the work: set store.redis, or remove runs.';
      yield { path: ['runs'], message };
    },
  },
  {
    name: 'health-is-somewhere',
    *check({ runs, metrics }) {
      if (runs.includes('api') || metrics.listen) return;
      const message = 'Without `api` nothing would answer /livez, /readyz and /metrics: set metrics.listen.';
      yield { path: ['runs'], message };
    },
  },
  {
    name: 'metrics-have-their-own-port',
    *check({ listen, metrics }) {
      if (!metrics.listen || listen.port === 0 || metrics.listen.port !== listen.port) return;
      yield {
        path: ['metrics', 'listen', 'port'],
        message: `Port ${listen.port} is the gateway's own; choose another, or remove metrics.listen.`,
      };
    },
  },
  {
    name: 'callbacks-open-no-closed-ground',
    *check({ mode, callbacks }) {
      const closed = networksOf([...alwaysClosed, ...loopbackNetworks], ({ network }) => network);
      const open = mode === 'development' ? networksOf(loopbackNetworks, ({ network }) => network) : undefined;
      const lists = Object.entries(callbacks.tenants).map(([tenant, { allow }]) => ({
        path: ['tenants', tenant],
        allow,
      }));
      for (const { path, allow } of [{ path: [], allow: callbacks.allow }, ...lists])
        for (const [at, text] of allow.entries()) {
          const address = parseEntry(text)?.network?.split('/')[0];
          const what = address !== undefined && !open?.find(address) && within(text, closed.find(address)?.network);
          if (what)
            yield {
              path: ['callbacks', ...path, 'allow', at],
              message: `Nothing in ${what} is ever called, whatever is allowed; remove it.`,
            };
        }
    },
  },
  {
    name: 'cors-names-who-may-send-credentials',
    *check({ cors }) {
      if (!cors.credentials || !cors.origins.includes('*')) return;
      yield {
        path: ['cors', 'origins'],
        message: 'With credentials every origin must be named; `*` is refused by browsers.',
      };
    },
  },
];

// A wider network that only begins there has other members that may be called.
function within(entry: string, closed: string | undefined): string | undefined {
  const prefix = (network: string) => Number(network.split('/')[1]?.match(/^\d+/)?.[0] ?? 128);
  const inner = parseEntry(entry)?.network;
  return closed !== undefined && inner !== undefined && prefix(inner) >= prefix(closed) ? closed : undefined;
}

/** Every rule; each is refused by a test of its own. */
export const rules: readonly Rule[] = [...environment, ...references];
