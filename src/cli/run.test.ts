import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { configurationPage } from '../platform/config/reference.js';
import { loadConfiguration } from '../platform/config/load.js';
import { adapterModels } from '../gateway/adapter-models.js';
import { run } from './run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function command(line: string, env: Record<string, string> = {}) {
  let out = '';
  let error = '';
  const terminal = { out: (text: string) => void (out += text), error: (text: string) => void (error += text) };
  const code = await run(line.split(' '), env, terminal);
  return { code, out, error };
}

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'netweave-cli-')), 'gateway.yaml');
  writeFileSync(path, text);
  return path;
}

describe('netweave', () => {
  test('--help names every command and option', async () => {
    const { code, out } = await command('--help');
    expect(code).toBe(0);
    for (const word of ['config check', 'config print', '--config', '--port', '--kubeconfig', 'Exit codes'])
      expect(out).toContain(word);
  });

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await command('--version')).toEqual({ code: 0, out: `${version}\n`, error: '' });
  });

  test('ends with 2 on a wrong option', async () => {
    const { code, out, error } = await command('--prot 1');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/Did you mean '--port'\?/);
  });
});

describe('netweave config check', () => {
  test('approves of the demonstration', async () => {
    const { code, out } = await command('config check');
    expect(code).toBe(0);
    expect(out).toMatch(/^The configuration is good\. Mode development; backends: demo \(simulator\)/);
  });

  test('lists what is wrong, with places, and ends with 2', async () => {
    const path = file('listen:\n  prot: 1\nmode: productive\n');
    const { code, out, error } = await command(`config check --config ${path}`);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(`${path}:2: listen.prot: There is no such setting. Did you mean 'port'?`);
    expect(error).toContain(`${path}:3: mode: `);
  });

  test('says that nothing is served where no backend is named or enabled', async () => {
    const texts = ['', 'backends: [{ key: a, type: simulator, enabled: false, options: { embedded: {} } }]'];
    for (const text of texts) {
      const { code, out } = await command(`config check --config ${file(text)}`);
      expect([code, out]).toEqual([0, expect.stringContaining('No backend is enabled')]);
    }
  });

  test('reads the filters of routes', async () => {
    const path = file(
      'routing:\n  - { object: ResourcePool, instance: a, filter: "(eq,colour,red)" }\nmode: productive\n',
    );
    const { code, error } = await command(`config check --config ${path}`);
    expect(code).toBe(2);
    expect(error).toContain(`${path}:2: routing[0].filter: `);
    expect(error).toContain(`${path}:2: routing[0].instance: There is no backend 'a'.`);
  });

  test('takes the file from NETWEAVE_CONFIG', async () => {
    const { code, error } = await command('config check', { NETWEAVE_CONFIG: file('tls: 5') });
    expect(code).toBe(2);
    expect(error).toContain('gateway.yaml:1: tls: ');
  });
});

test('netweave config print shows what takes effect, without secrets', async () => {
  const key = Buffer.alloc(32, 'k').toString('base64');
  const { code, out } = await command('config print --port 9001', { NETWEAVE_KEY: key });
  expect(code).toBe(0);
  expect(parse(out)).toMatchObject({ listen: { port: 9001 }, key: '(redacted)' });
  expect(out).not.toContain(key);
});

describe('the examples', () => {
  const examples = readdirSync(join(root, 'config')).filter((name) => name.endsWith('.yaml'));

  test.each(examples)('config/%s is good, but for the files it names', async (name) => {
    const { error } = await command(`config check --config ${join(root, 'config', name)}`);
    const missing = /: (The file '\S+' cannot be read|Nothing can be written to '\S+') \(ENOENT/;
    expect(error.split('\n').filter((line) => line.startsWith('  ') && !missing.test(line))).toEqual([]);
  });

  test('and that of production is not called good before they are there', async () => {
    const path = join(root, 'config/production.yaml');
    const { code, out, error } = await command(`config check --config ${path}`);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const place of ['tls.certificate', 'tls.key', 'keyFile', 'accessLog.file'])
      expect(error).toMatch(new RegExp(`production\\.yaml:\\d+: ${place.replace('.', '\\.')}: `));
  });
});

describe('docs/configuration.md', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');

  test('lists every setting as the model has it', () => {
    expect(configurationPage(page)).toBe(page);
  });

  test.each([...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text!))('example %# is good', (text) => {
    expect(loadConfiguration({ text, adapterModels }).backends.length).toBeGreaterThanOrEqual(0);
  });
});
