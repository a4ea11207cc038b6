import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ConfigurationModel } from './model.js';
import { applyEnvironment, variableOf } from './overrides.js';

const adapters = { openstack: z.object({ password: z.string(), regions: z.array(z.string()) }) };

function read(env: Record<string, string>, value: object = {}) {
  const { faults } = applyEnvironment(env, ConfigurationModel, value, adapters);
  return { value, faults };
}

describe('variables', () => {
  test.each([
    ['NETWEAVE_LISTEN_PORT', '81', { listen: { port: 81 } }],
    ['netweave_listen_port', '81', { listen: { port: 81 } }],
    ['NETWEAVE_LIMITS_RATE_PERSECOND', '5.5', { limits: { rate: { perSecond: 5.5 } } }],
    ['NETWEAVE_LIMITS_RATE_PER_SECOND', '5.5', { limits: { rate: { perSecond: 5.5 } } }],
    ['NETWEAVE_LIMITS_DEADLINE', '2m', { limits: { deadline: '2m' } }],
    ['NETWEAVE_STORE_MEMORY', 'true', { store: { memory: true } }],
    ['NETWEAVE_CORS_ORIGINS', '[https://a]', { cors: { origins: ['https://a'] } }],
    ['NETWEAVE_OCLOUD_NAME', '0042', { oCloud: { name: '0042' } }],
    ['NETWEAVE_KEY_FILE', '/run/key', { keyFile: '/run/key' }],
    ['NETWEAVE_STORE_FILE', '/data/db', { store: { file: '/data/db' } }],
  ])('%s=%s', (name, text, value) => expect(read({ [name]: text })).toEqual({ value, faults: [] }));

  test('reach into a list by place, by key, and into the options of an adapter', () => {
    const file = { backends: [{ key: 'edge-1', type: 'openstack', options: {} }, { key: 'two' }] };
    const env = {
      NETWEAVE_BACKENDS_EDGE_1_OPTIONS_PASSWORD: '123',
      NETWEAVE_BACKENDS_0_OPTIONS_REGIONS: '[a, b]',
      NETWEAVE_BACKENDS_1_CONCURRENCY: '3',
    };
    const backends = [
      { key: 'edge-1', type: 'openstack', options: { password: '123', regions: ['a', 'b'] } },
      { key: 'two', concurrency: 3 },
    ];
    expect(read(env, file)).toEqual({ value: { backends }, faults: [] });
  });

  test('may build a list that no file has, whatever their order', () => {
    const env = {
      NETWEAVE_BACKENDS_A_OPTIONS_PASSWORD: 'p',
      NETWEAVE_BACKENDS_1_KEY: 'b',
      NETWEAVE_BACKENDS: '[{ key: a, type: openstack }]',
    };
    const backends = [{ key: 'a', type: 'openstack', options: { password: 'p' } }, { key: 'b' }];
    expect(read(env)).toEqual({ value: { backends }, faults: [] });
  });

  test('with _FILE name a file; its last line end is dropped and nothing else', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'netweave-secret-')), 'password');
    writeFileSync(file, ' 00123 \n');
    const value = { backends: [{ key: 'a', type: 'openstack' }] };
    read({ NETWEAVE_BACKENDS_A_OPTIONS_PASSWORD_FILE: file }, value);
    expect(value).toEqual({ backends: [{ key: 'a', type: 'openstack', options: { password: ' 00123 ' } }] });
  });

  test('with _FILE and no such file are a fault', () => {
    const { faults } = read({ NETWEAVE_OCLOUD_NAME_FILE: '/no/such/file' });
    expect(faults).toMatchObject([{ source: 'NETWEAVE_OCLOUD_NAME_FILE', message: expect.stringMatching('ENOENT') }]);
  });

  test('that name no setting are a fault with a suggestion', () => {
    expect(read({ NETWEAVE_LISTEN_PROT: '1' }).faults).toEqual([
      {
        path: '',
        source: 'NETWEAVE_LISTEN_PROT',
        message: "There is no such setting. Did you mean 'NETWEAVE_LISTEN_PORT'?",
      },
    ]);
  });

  test('of Kubernetes services, and empty ones, are no settings', () => {
    const env = {
      NETWEAVE_SERVICE_HOST: '10.0.0.1',
      NETWEAVE_SERVICE_PORT_HTTPS: '8443',
      NETWEAVE_PORT: 'tcp://10.0.0.1:8443',
      NETWEAVE_PORT_8443_TCP_ADDR: '10.0.0.1',
      NETWEAVE_REDIS_SERVICE_HOST: '10.0.0.2',
      NETWEAVE_LISTEN_PORT: 'tcp://10.0.0.3:80',
      NETWEAVE_LISTEN_HOST: '',
      PATH: '/bin',
    };
    expect(read(env)).toEqual({ value: {}, faults: [] });
  });

  test('leave a value of the wrong kind for the model to refuse', () => {
    expect(read({ NETWEAVE_LISTEN_PORT: '1' }, { listen: 5 }).value).toEqual({ listen: 5 });
  });
});

test('a path is spelt as its variable', () => {
  expect(variableOf(['limits', 'rate', 'perSecond'])).toBe('NETWEAVE_LIMITS_RATE_PER_SECOND');
  expect(variableOf(['oCloud', 'oCloudId'])).toBe('NETWEAVE_OCLOUD_OCLOUD_ID');
});
