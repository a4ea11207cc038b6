import { expect, test } from '@jest/globals';
import type { Connection } from '#adapters/contract.js';
import { ConfigurationModel } from '../platform/config/model.js';
import { ownServersOf, reachedAt } from './own-servers.js';

test('our own servers are what we listen on, what leads to us, and what we work with', () => {
  const configuration = ConfigurationModel.parse({
    mode: 'production',
    listen: { host: '0.0.0.0', port: 0 },
    metrics: { listen: { host: '::1', port: 9090 } },
    publicUrl: 'https://O2.example.com/',
    backends: [
      {
        key: 'a',
        type: 'openstack',
        options: { url: 'https://keystone.example:5000/v3', user: 'https', more: [{ at: 'http://[::2]' }] },
      },
    ],
  });
  const primaries = [{ host: '10.0.0.7', port: 6379 }];
  const others = [{ host: '10.0.1.5', port: 8080 }];
  const connection = { servers: ['https://API.cluster.example:6443'] } as unknown as Connection;
  const instances = [{ key: 'k', type: 'kubernetes', mapping: 1, connection }];
  const learnt = {
    url: 'https://0.0.0.0:41234',
    store: { servers: () => primaries },
    registry: { instances },
    others: () => others,
  };
  const own = ownServersOf(configuration, learnt, { KUBERNETES_SERVICE_HOST: '10.96.0.1' });
  expect(own()).toEqual([
    { host: '0.0.0.0', port: 41_234 },
    { host: '::1', port: 9090 },
    { host: 'o2.example.com', port: 443, shared: true },
    { host: 'keystone.example', port: 5000 },
    { host: '::2', port: 80 },
    { host: '10.96.0.1' },
    { host: 'kubernetes.default.svc' },
    { host: '10.0.0.7', port: 6379 },
    { host: '10.0.1.5', port: 8080 },
    { host: 'api.cluster.example', port: 6443 },
  ]);
  primaries.push({ host: '10.0.0.8', port: 6379 });
  expect(own()).toContainEqual({ host: '10.0.0.8', port: 6379 });
});

test('what listens on all addresses is known to other machines by each of them', () => {
  const at = reachedAt([
    { host: '0.0.0.0', port: 8080 },
    { host: '10.1.2.3', port: 9090 },
    { host: 'gateway.example', port: 9091 },
  ]);
  expect(at).toContainEqual({ host: '127.0.0.1', port: 8080 });
  expect(at.map(({ host }) => host)).not.toContain('0.0.0.0');
  expect(at.slice(-2)).toEqual([
    { host: '10.1.2.3', port: 9090 },
    { host: 'gateway.example', port: 9091 },
  ]);
});
