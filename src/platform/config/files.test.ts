import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ConfigurationFault } from './fault.js';
import { filesAtHand, storeAtHand } from './files.js';
import { loadConfiguration } from './load.js';
import { selfSigned } from '../testing/self-signed.js';

const adapterModels = { kubernetes: z.object({ kubeconfig: z.string().optional().meta({ file: 'read' }) }) };

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-files-'));
  const [one, other] = [selfSigned('one'), selfSigned('other')];
  for (const [name, text] of Object.entries({
    'one.crt': one.certificate,
    'one.key': one.key,
    'other.key': other.key,
    key: Buffer.alloc(32, 1).toString('base64'),
    short: 'c2hvcnQ=',
  }))
    writeFileSync(at(name), text);
  mkdirSync(at('shut'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function faultsOf(configuration: object): readonly string[] {
  const further = [...filesAtHand(adapterModels), storeAtHand];
  try {
    // JSON is YAML.
    loadConfiguration({ text: JSON.stringify(configuration), adapterModels, further });
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

const kubernetes = (kubeconfig: string, more: object = {}) => ({
  backends: [{ key: 'a', type: 'kubernetes', options: { kubeconfig }, ...more }],
});

test('files that a start would open are all looked at', () => {
  const missing = at('missing');
  const found = faultsOf({
    tls: { certificate: missing, key: at('one.key') },
    keyFile: missing,
    store: { redis: { passwordFile: missing, tls: { ca: missing } } },
    accessLog: { file: join(missing, 'access.log') },
    ...kubernetes(missing),
  });
  expect(found.map((each) => each.split(':')[0])).toEqual([
    'tls.certificate',
    'store.redis.passwordFile',
    'store.redis.tls.ca',
    'keyFile',
    'backends[0].options.kubeconfig',
    'accessLog.file',
  ]);
  for (const each of found) expect(each).toMatch(/'\S+missing\S*' (cannot be read|\()|to '\S+' \(/);
});

test('and what stands in key and certificate', () => {
  const tls = (key: string) => ({ tls: { certificate: at('one.crt'), key: at(key) } });
  expect(faultsOf({ ...tls('one.key'), keyFile: at('key'), accessLog: { file: at('access.log') } })).toEqual([]);
  expect(faultsOf(tls('other.key'))).toEqual([expect.stringMatching(/^tls: .*does not belong to the certificate/)]);
  expect(faultsOf(tls('key'))).toEqual([expect.stringMatching(/^tls: .*no private key/)]);
  expect(faultsOf({ keyFile: at('short') })).toEqual([expect.stringMatching(/^keyFile: .*32 bytes/)]);
  expect(faultsOf({ keyFile: folder })).toEqual([expect.stringMatching(/^keyFile: .*it is a folder/)]);
});

test('what is not opened may be absent', () => {
  expect(faultsOf(kubernetes('/nowhere', { enabled: false }))).toEqual([]);
  expect(faultsOf({ accessLog: { enabled: false, file: '/nowhere/access.log' } })).toEqual([]);
  expect(faultsOf({ store: { file: at('not/yet/store.db') } })).toEqual([]);
});

test('a store that cannot be made is told where it would be', () => {
  expect(faultsOf({ store: { file: at('key/store.db') } })).toEqual([
    expect.stringMatching(/^store\.file: The store .* cannot be written \('.*key' is no folder\)/),
  ]);
  if (process.getuid?.() === 0) return; // Nothing is shut to root.
  chmodSync(at('shut'), 0o500);
  expect(faultsOf({ store: { file: at('shut/store.db') } })).toEqual([expect.stringMatching(/^store\.file: .*EACCES/)]);
});
