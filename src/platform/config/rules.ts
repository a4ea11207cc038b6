import { isLoopback } from '../loopback.js';
import type { Configuration } from './model.js';
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

/** Every rule; each is refused by a test of its own. */
export const rules: readonly Rule[] = [...environment, ...references];
