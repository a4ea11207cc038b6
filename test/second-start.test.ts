import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from './gateway-under-test.js';

// Each of the two starts takes seconds of one processor, of which there may be few.
jest.setTimeout(60_000);

const root = join(import.meta.dirname, '../..');
const started: ChildProcess[] = [];
let clone: string;
const at = (name: string) => join(clone, name);

/** A clone in which packages are installed and all is built, of which V8 has compiled nothing yet. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'netweave-second-'));
  const parts = ['schema', 'adapters', 'subscriptions', 'src'];
  for (const each of ['scripts', ...parts.map((part) => `dist/${part}`)])
    cpSync(join(root, each), at(each), { recursive: true });
  writeFileSync(at('dist/.built'), '');
  mkdirSync(at('node_modules'));
  const packages = readdirSync(join(root, 'node_modules')).filter((each) => each !== '.cache');
  const unchanged = [...parts, 'package.json', 'package-lock.json', 'tsconfig.json'];
  for (const each of [...unchanged, ...packages.map((name) => `node_modules/${name}`)])
    symlinkSync(join(root, each), at(each));
  const config = `listen: { port: 0 }
publicUrl: https://o-cloud.example
accessLog: { enabled: false }
backends: [{ key: sim, type: simulator, options: { embedded: { seed: 4, size: 60, changesPerSecond: 0 } } }]
`;
  writeFileSync(at('gateway.yaml'), config);
  // Stands before any other on the path, and notes that it was run.
  mkdirSync(at('bin'));
  writeFileSync(at('bin/npm'), `#!/bin/sh\necho "$@" >> '${at('npm-was-run')}'\n`, { mode: 0o755 });
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(clone, { recursive: true });
});

interface Seen {
  /** When each file was written that an install, a build or V8 writes. */
  readonly written: Readonly<Record<string, number>>;
  /** Of each list the ids. */
  readonly lists: Readonly<Record<string, readonly unknown[]>>;
  /** The newest place in the log of the store. */
  readonly position: string | null;
}

async function startAndStop(): Promise<Seen> {
  const { PATH, HOME } = process.env;
  const argv = ['scripts/run.mjs', 'start', '--config', 'gateway.yaml'];
  const child = spawn(process.execPath, argv, { cwd: clone, env: { PATH: `${at('bin')}:${PATH}`, HOME } });
  started.push(child);
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (text: Buffer) => (said += text.toString()));
  const ended = once(child, 'close');
  await until(() => said.includes('is read.') || child.exitCode !== null);
  const url = /ready at (http\S+)/.exec(said)?.[1];
  expect([said, url]).toEqual([said, expect.any(String)]);
  const seen = { lists: await idsOf(url!), position: await positionOf(url!) };
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  return { ...seen, written: { ...writtenIn('dist'), ...writtenIn('node_modules/.cache') } };
}

async function idsOf(url: string): Promise<Seen['lists']> {
  const lists = ['resourceTypes', 'resourcePools', 'resources', 'deploymentManagers'];
  const query = `{ ${lists.map((name) => `${name}(first: 1000) { nodes { id } }`).join(' ')} }`;
  const headers = { 'Content-Type': 'application/json' };
  const reply = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { data } = (await reply.json()) as { data: Readonly<Record<string, { readonly nodes: readonly unknown[] }>> };
  return Object.fromEntries(Object.entries(data).map(([name, { nodes }]) => [name, nodes]));
}

const positionOf = async (url: string) => (await fetch(`${url}/netweave/v1/oCloud`)).headers.get('x-netweave-position');

function writtenIn(folder: string): Readonly<Record<string, number>> {
  const files = readdirSync(at(folder), { recursive: true }).map((each) => `${folder}/${String(each)}`);
  return Object.fromEntries(files.map((file) => [file, statSync(at(file)).mtimeMs]));
}

test('a second `npm start` installs nothing, compiles nothing, and goes on with the store as it is', async () => {
  const first = await startAndStop();
  expect(Object.values(first.lists).map((ids) => ids.length > 0)).toEqual([true, true, true, true]);
  expect(first.written).toMatchObject({ 'dist/src/main.js': expect.any(Number) });
  // What V8 compiled of our own program alone are hundreds.
  expect(Object.keys(first.written).filter((file) => file.startsWith('node_modules')).length).toBeGreaterThan(100);
  expect(await startAndStop()).toEqual(first);
  expect(existsSync(at('npm-was-run'))).toBe(false);
});
