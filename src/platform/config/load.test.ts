import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ConfigurationFault } from './fault.js';
import { loadConfiguration, type Sources } from './load.js';

const adapterModels = {
  kubernetes: z.object({ kubeconfig: z.string().optional(), context: z.string().optional() }),
  openstack: z.object({
    url: z.url(),
    password: z.string().meta({ secret: true }),
    region: z.string().default('RegionOne'),
  }),
};

function load(sources: Partial<Sources>) {
  return loadConfiguration({ adapterModels, ...sources });
}

function faultOf(sources: Partial<Sources>) {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigurationFault) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

const faultsOf = (sources: Partial<Sources>) => faultOf(sources).faults;

describe('the file', () => {
  test('may be absent: every setting has a default', () => {
    const configuration = load({});
    expect(configuration.mode).toBe('development');
    expect(configuration.listen).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(configuration.limits.keepAliveTimeout).toBe(65_000);
    expect(configuration.limits.bodyBytes).toBe(1_048_576);
    expect(configuration.logBudget).toEqual({ hours: 80, bytes: 1_073_741_824 });
  });

  test('is read from its path', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'netweave-config-')), 'gateway.yaml');
    writeFileSync(file, 'listen: { port: 9000 }\n');
    expect(load({ file }).listen.port).toBe(9000);
  });

  test('that is missing is one fault, with what to do', () => {
    const [fault] = faultsOf({ file: '/no/such/file.yaml' });
    expect(fault?.message).toMatch(/cannot be read .*--config or NETWEAVE_CONFIG/);
  });

  test('that is a folder is said to be one', () => {
    const [fault] = faultsOf({ file: tmpdir() });
    expect(fault?.message).toBe('It is a folder, not a file. Name another with --config or NETWEAVE_CONFIG.');
  });

  test('that is no configuration at all is not told of by hundreds of faults', () => {
    const text = Array.from({ length: 206 }, (_, line) => `wrong${line}: 1\n`).join('');
    expect(faultsOf({ text })).toHaveLength(206);
    const lines = faultOf({ text }).message.split('\n');
    expect(lines[0]).toBe('The configuration has 206 faults:');
    expect(lines.slice(40)).toEqual([expect.stringContaining('wrong39: '), '  and 166 more.']);
  });

  test('names no address that there cannot be', () => {
    const text = 'mode: production\nlisten: { host: 300.1.1.1 }\nmetrics: { listen: { host: 1.2.3.256, port: 1 } }';
    const told = faultsOf({ text }).filter(({ message }) => message.includes('is no address'));
    expect(told.map(({ path, line }) => [path, line])).toEqual([
      ['listen.host', 2],
      ['metrics.listen.host', 3],
    ]);
    for (const host of ['0.0.0.0', '10.255.0.1', '::', 'a.b.c.d', '127.1'])
      expect(faultsOf({ text: `mode: production\nlisten: { host: "${host}" }` }).map(({ path }) => path)).not.toContain(
        'listen.host',
      );
  });

  test('has every fault listed, with its path and line', () => {
    const text = [
      'listen:',
      '  prot: 1',
      'limits: { urlBytes: 1GiB }',
      'backends:',
      '  - key: one',
      '    type: openstak',
      '  - key: two',
      '    type: openstack',
      '    options: { url: nowhere, user: me }',
    ];
    expect(faultsOf({ text: text.join('\n') }).map(({ path, line }) => `${line} ${path}`)).toEqual([
      '2 listen.prot',
      '3 limits.urlBytes',
      '6 backends[0].type',
      '9 backends[1].options.url',
      '9 backends[1].options.password',
      '9 backends[1].options.user',
    ]);
  });

  test('has what is wrong with the rest listed beside what no model takes', () => {
    const text = [
      'mode: production',
      'listen: { prot: 1 }',
      'limits: { deadline: soon }',
      'backends: [{ key: Not a key, type: kubernetes }, { key: b, type: kubernetes }]',
      'routing:',
      '  - { object: ResourcePool, instance: nobody }',
      '  - { object: ResourcePool, instance: b, strategy: maybe }',
      'tokens:',
      '  - { name: a, sha256: short, roles: [reader, sorcerer] }',
      `  - { name: b, sha256: ${'ab'.repeat(32)}, roles: [sorcerer] }`,
      'tls: 5',
    ].join('\n');
    const found = faultsOf({ text, builtInRoles: ['reader'] }).map(({ path, line }) => `${line} ${path}`);
    expect(found).toEqual([
      'undefined key',
      '2 listen.prot',
      '3 limits.deadline',
      '4 backends[0].key',
      '6 routing[0].instance',
      '7 routing[1].strategy',
      '9 tokens[0].sha256',
      '9 tokens[0].roles[1]',
      '10 tokens[1].roles[0]',
      '11 tls',
    ]);
  });

  test('is judged by what can be known of it: nothing is made up about the rest', () => {
    const text =
      'mode: production\nbackends: 5\ntokens: [5]\nlocations: 5\nsites: [{ name: default, globalLocationId: x }]\nrouting: [{ object: ResourcePool, instance: b }]\nbehindProxy: true\nkeyFile: k';
    const found = faultsOf({ text, builtInRoles: [] }).map(({ path }) => path);
    expect(found).toEqual(['backends', 'tokens[0]', 'locations']);
  });

  test('has the faulty entry of a list named, and nothing made up about the list', () => {
    const found = (runs: string) => faultsOf({ text: `runs: ${runs}` }).map(({ path }) => path);
    expect(found('[5, watch]')).toEqual(['runs[0]']);
    expect(found('[api, wach, deliver]')).toEqual(['runs[1]']);
  });

  test('gets suggestions for misspelt names', () => {
    const text =
      'listen: { prot: 1 }\nbackends: [{ key: a, type: openstak }, { key: b, type: kubernetes, options: { contxt: c } }]';
    const messages = faultsOf({ text }).map(({ message }) => message);
    expect(messages[0]).toBe("There is no such setting. Did you mean 'port'?");
    expect(messages[1]).toMatch(
      "There is no adapter 'openstak'. Did you mean 'openstack'? Known: kubernetes, openstack.",
    );
    expect(messages[2]).toBe("There is no such setting. Did you mean 'context'?");
  });

  test('says what a value may be, in words of its own', () => {
    const text = [
      'mode: prodction',
      'runs: []',
      'publicUrl: nowhere',
      'oCloud: { oCloudId: nobody }',
      'limits: { deadline: ~ }',
      'roles: { poolsOnly: [resourcePools:read], "": [] }',
      'tokens: [{ name: "", sha256: x, roles: [reader], expires: soon }]',
    ].join('\n');
    const said = faultsOf({ text }).map(({ path, message }) => `${path}: ${message}`);
    expect(said).toContain("mode: Needs one of development, production. Did you mean 'production'?");
    expect(said.filter((each) => /Invalid|Too (small|big)|expected/.test(each))).toEqual([]);
    expect(said).toContain('limits.deadline: Needs a number or a string, not nothing.');
    expect(said.find((each) => each.startsWith('roles.poolsOnly:'))).toMatch(/This name cannot stand here: .*[a-z]/);
  });

  test.each([
    ['mode: development\nmode: production', 2],
    ['listen: [', 1],
    ['- a\n- b', 1],
    ['just words', 1],
    ['a: &a [*a]', 1],
    ['listen: *nowhere', 1],
    ['mode: development\n? [a, b]\n: c', 2],
    ['mode: development\n~: c', 2],
    ['&a mode: development\n*a : c', 2],
    ['mode: development\nroles: { __proto__: [] }', 2],
    ['mode: development\nlisten: !!set { port }', 2],
  ])('with broken YAML is refused with the line: %j', (text, line) => {
    expect(faultsOf({ text })[0]).toMatchObject({ line });
  });

  test('cannot expand a few lines to gigabytes', () => {
    const bomb = ['a: &a [1,1,1,1,1,1,1,1,1,1]'];
    for (let at = 1; at < 9; at++)
      bomb.push(
        `b${at}: &${'abcdefghi'[at]} [${Array(10)
          .fill(`*${'abcdefghi'[at - 1]}`)
          .join()}]`,
      );
    expect(faultsOf({ text: bomb.join('\n') })[0]?.message).toMatch(/alias/i);
  });

  test('may share parts by alias without one change reaching both', () => {
    const text = 'listen: &here { host: "::1", port: 1 }\nmetrics: { listen: *here }';
    const { listen, metrics } = load({ text, flags: { port: 2 } });
    expect([listen.port, metrics.listen?.port]).toEqual([2, 1]);
  });
});

describe('backends', () => {
  test('get the options their adapter knows, defaults filled in', () => {
    const text = 'backends: [{ key: a, type: openstack, options: { url: "http://keystone", password: p } }]';
    const [backend] = load({ text }).backends;
    expect(backend).toEqual({
      key: 'a',
      type: 'openstack',
      enabled: true,
      deadline: 10_000,
      concurrency: 16,
      options: { url: 'http://keystone', password: 'p', region: 'RegionOne' },
    });
  });
});

describe('the default site', () => {
  test('is made with its location', () => {
    const { sites, locations } = load({ text: 'locations: [{ globalLocationId: x, name: X, address: here }]' });
    expect(sites.map(({ name, globalLocationId }) => [name, globalLocationId])).toEqual([['default', 'default']]);
    expect(locations.map(({ globalLocationId }) => globalLocationId)).toEqual(['x', 'default']);
  });

  test('may be configured', () => {
    const text =
      'locations: [{ globalLocationId: x, name: X, address: here }]\nsites: [{ name: default, globalLocationId: x }]';
    const { sites, locations } = load({ text });
    expect(sites).toHaveLength(1);
    expect(locations).toHaveLength(1);
  });
});

describe('what outranks what', () => {
  test('file, environment, secret file, flags', () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'netweave-config-')), 'port');
    writeFileSync(secret, '3\n');
    const text = 'listen: { port: 1 }';
    const env = { NETWEAVE_LISTEN_PORT: '2' };
    const both = { ...env, NETWEAVE_LISTEN_PORT_FILE: secret };
    expect(load({ text }).listen.port).toBe(1);
    expect(load({ text, env }).listen.port).toBe(2);
    expect(load({ text, env: both }).listen.port).toBe(3);
    expect(load({ text, env: both, flags: { port: 4 } }).listen.port).toBe(4);
  });

  test('of where state is kept, too: who says a file is not given memory, nor the other way round', () => {
    const kept = (sources: Partial<Sources>) => {
      const { memory, file } = load(sources).store;
      return memory ? 'memory' : file;
    };
    const env = { NETWEAVE_STORE_FILE: './v.db' };
    expect(kept({ text: 'store: { memory: true }' })).toBe('memory');
    expect(kept({ text: 'store: { memory: true }', env })).toBe('./v.db');
    expect(kept({ text: 'store: { memory: true }', env, flags: { memory: true } })).toBe('memory');
    expect(kept({ text: 'store: { file: ./f.db }', env: { NETWEAVE_STORE_MEMORY: 'true' } })).toBe('memory');
    expect(kept({ text: 'store: { memory: true }', env: { NETWEAVE_STORE: '{ file: ./w.db }' } })).toBe('./w.db');
    const both = { text: 'store: { file: ./f.db, memory: true }' };
    expect(faultsOf(both)).toMatchObject([{ path: 'store.memory', line: 1, message: expect.stringMatching(/^Both/) }]);
    expect(faultsOf({ env: { ...env, NETWEAVE_STORE_MEMORY: 'true' } })).toMatchObject([
      { path: 'store.memory', source: 'NETWEAVE_STORE_MEMORY' },
    ]);
  });

  test('a fault names the flag or variable that set the value', () => {
    const [fault] = faultsOf({ text: 'listen: { port: 1 }', flags: { port: 70_000 } });
    expect(fault).toMatchObject({ path: 'listen.port', source: '--port' });
    expect(fault).not.toHaveProperty('line');
  });

  test('--kubeconfig adds a backend, or changes the one named kubernetes', () => {
    const flags = { kubeconfig: '/k', context: 'c' };
    expect(load({ flags }).backends).toMatchObject([
      { key: 'kubernetes', options: { kubeconfig: '/k', context: 'c' } },
    ]);
    const text = 'backends: [{ key: kubernetes, type: kubernetes, title: Mine, options: { kubeconfig: /other } }]';
    expect(load({ text, flags }).backends).toMatchObject([
      { title: 'Mine', options: { kubeconfig: '/k', context: 'c' } },
    ]);
  });
});
