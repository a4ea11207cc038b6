import { describe, expect, test } from '@jest/globals';
import { withDefaultPlace } from './default-place.js';
import { pathText } from './fault.js';
import { ConfigurationModel } from './model.js';
import { rules } from './rules.js';

const sha256 = 'ab'.repeat(32);
const token = (name: string, more: object = {}) => ({ name, sha256, roles: ['reader'], ...more });
const backend = (key: string) => ({ key, type: 'simulator' });
const location = (globalLocationId: string) => ({ globalLocationId, name: 'x', address: 'here' });
const key = Buffer.alloc(32).toString('base64');
const production = { mode: 'production', tokens: [token('a')], key, tls: { certificate: 'c', key: 'k' } };
const known = { roles: ['reader', 'admin'], permissions: new Set(['resourcePools:read', 'resourcePools:scale']) };

/** For each rule: what it refuses, where, and the nearest thing it lets pass. */
const cases: Record<string, { refused: object; at: string; passes: object }> = {
  'production-needs-tokens': { refused: { ...production, tokens: [] }, at: 'tokens', passes: production },
  'production-needs-key': {
    refused: { ...production, key: undefined },
    at: 'key',
    passes: { ...production, key: undefined, keyFile: 'f' },
  },
  'production-needs-tls': {
    refused: { ...production, tls: undefined },
    at: 'tls',
    passes: { ...production, tls: undefined, behindProxy: true },
  },
  'development-stays-on-this-machine': {
    refused: { listen: { host: '0.0.0.0' } },
    at: 'listen.host',
    passes: { listen: { host: '::1' } },
  },
  'one-key': { refused: { key, keyFile: 'f' }, at: 'keyFile', passes: { key } },
  'one-store': {
    refused: { store: { redis: {}, memory: true } },
    at: 'store.memory',
    passes: { store: { redis: {} } },
  },
  'one-redis-password': {
    refused: { store: { redis: { password: 'p', passwordFile: 'f' } } },
    at: 'store.redis.passwordFile',
    passes: { store: { redis: { passwordFile: 'f' } } },
  },
  'sentinels-are-asked-for-a-name': {
    refused: { store: { redis: { sentinels: [{ host: 's' }] } } },
    at: 'store.redis.name',
    passes: { store: { redis: { sentinels: [{ host: 's' }], name: 'main' } } },
  },
  'a-store-of-one-process-needs-all-of-it': {
    refused: { runs: ['api', 'watch'] },
    at: 'runs',
    passes: { runs: 'api, watch', store: { redis: {} } },
  },
  'health-is-somewhere': {
    refused: { runs: ['watch'], store: { redis: {} } },
    at: 'runs',
    passes: { runs: ['watch'], store: { redis: {} }, metrics: { listen: { port: 0 } } },
  },
  'metrics-have-their-own-port': {
    refused: { metrics: { listen: { port: 8080 } } },
    at: 'metrics.listen.port',
    passes: { listen: { port: 0 }, metrics: { listen: { port: 0 } } },
  },
  'callbacks-open-no-closed-ground': {
    refused: { ...production, callbacks: { tenants: { acme: { allow: ['10.0.0.0/8', 'http://127.0.0.0/16:8080'] } } } },
    at: 'callbacks.tenants.acme.allow[1]',
    passes: { callbacks: { allow: ['127.0.0.1', '0.0.0.0/0', '::/0', '[::1]:80', 'smo.example.com'] } },
  },
  'cors-names-who-may-send-credentials': {
    refused: { cors: { origins: ['*'], credentials: true } },
    at: 'cors.origins',
    passes: { cors: { origins: ['https://a.example'], credentials: true } },
  },
  'backend-keys-are-unique': {
    refused: { backends: [backend('a'), backend('b'), backend('a')] },
    at: 'backends[2].key',
    passes: { backends: [backend('a'), backend('b')] },
  },
  'locations-are-unique': {
    refused: { locations: [location('a'), location('a')] },
    at: 'locations[1].globalLocationId',
    passes: { locations: [location('a'), location('b')] },
  },
  'site-names-are-unique': {
    refused: { sites: ['a', 'a'].map((name) => ({ name, globalLocationId: 'default' })) },
    at: 'sites[1].name',
    passes: { sites: ['a', 'b'].map((name) => ({ name, globalLocationId: 'default' })) },
  },
  'site-ids-are-unique': {
    // One id in two spellings: ids are compared in lower case.
    refused: {
      sites: ['AAAAAAAA', 'aaaaaaaa'].map((head, at) => ({
        name: `s${at}`,
        globalLocationId: 'default',
        oCloudSiteId: `${head}-0000-4000-8000-000000000000`,
      })),
    },
    at: 'sites[1].oCloudSiteId',
    passes: { sites: ['a', 'b'].map((name) => ({ name, globalLocationId: 'default' })) },
  },
  'token-names-are-unique': {
    refused: { tokens: [token('a'), token('a', { sha256: 'cd'.repeat(32) })] },
    at: 'tokens[1].name',
    passes: { tokens: [token('a'), token('b', { sha256: 'cd'.repeat(32) })] },
  },
  'tokens-are-unique': {
    refused: { tokens: [token('a'), token('b', { sha256: sha256.toUpperCase() })] },
    at: 'tokens[1].sha256',
    passes: { tokens: [token('a'), token('b', { sha256: 'cd'.repeat(32) })] },
  },
  'a-zone-has-one-site': {
    refused: { sites: ['a', 'b'].map((name) => ({ name, globalLocationId: 'default', zones: [name, 'z'] })) },
    at: 'sites[1].zones[1]',
    passes: { sites: ['a', 'b'].map((name) => ({ name, globalLocationId: 'default', zones: [name] })) },
  },
  'sites-have-a-location': {
    refused: { sites: [{ name: 'a', globalLocationId: 'nowhere' }] },
    at: 'sites[0].globalLocationId',
    passes: { sites: [{ name: 'a', globalLocationId: 'x' }], locations: [location('x')] },
  },
  'routes-lead-to-a-backend': {
    refused: { routing: [{ object: 'ResourcePool', instance: 'b' }], backends: [backend('a')] },
    at: 'routing[0].instance',
    passes: { routing: [{ object: 'ResourcePool', instance: 'a' }], backends: [backend('a')] },
  },
  'tokens-have-known-roles': {
    refused: { tokens: [token('a', { roles: ['admin', 'raeder'] })] },
    at: 'tokens[0].roles[1]',
    passes: { tokens: [token('a', { roles: ['ours'] })], roles: { ours: ['resourcePools:read'] } },
  },
  'roles-hold-known-permissions': {
    refused: { roles: { ours: ['resourcePools:read', 'resourcePool:scale'] } },
    at: 'roles.ours[1]',
    passes: { roles: { ours: ['resourcePools:read', 'resourcePools:scale'], all: ['*'] } },
  },
  'built-in-roles-stay': {
    refused: { roles: { admin: ['*'] } },
    at: 'roles.admin',
    passes: { roles: { mine: ['*'] } },
  },
};

function broken(input: object) {
  const configuration = withDefaultPlace(ConfigurationModel.parse(input));
  return rules.flatMap((rule) =>
    [...rule.check(configuration, known)].map(({ path }) => `${rule.name} at ${pathText(path)}`),
  );
}

describe('every rule', () => {
  test.each(rules.map(({ name }) => name))('%s refuses, and lets the rest pass', (name) => {
    const example = cases[name];
    expect(example).toBeDefined();
    expect(broken(example!.refused)).toEqual([`${name} at ${example!.at}`]);
    expect(broken(example!.passes)).toEqual([]);
  });

  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('%s is this machine', (host) => {
    expect(broken({ listen: { host }, metrics: { listen: { host, port: 1 } } })).toEqual([]);
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example'])('%s is not', (host) => {
    expect(broken({ metrics: { listen: { host, port: 1 } } })).toEqual([
      'development-stays-on-this-machine at metrics.listen.host',
    ]);
  });

  test.each(['169.254.169.254', '169.254.0.0/17', '127.0.0.1', '::1', 'fe80::/64', '224.0.0.0/8:80'])(
    '%s cannot be opened in production',
    (entry) => {
      expect(broken({ ...production, callbacks: { allow: [entry] } })).toEqual([
        'callbacks-open-no-closed-ground at callbacks.allow[0]',
      ]);
    },
  );

  test('roles are not looked up by who does not know them', () => {
    const configuration = ConfigurationModel.parse({ tokens: [token('a', { roles: ['raeder'] })] });
    expect(rules.flatMap((rule) => [...rule.check(withDefaultPlace(configuration), {})])).toEqual([]);
  });
});
