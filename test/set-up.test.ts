import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from './gateway-under-test.js';

// npm takes a second of one processor, and one that is silent counts as cut off after ten.
jest.setTimeout(60_000);

const scripts = join(import.meta.dirname, '../../scripts');

const started: ChildProcess[] = [];
let clone: string;
/** A clone with one package of its own; its install notes that it was begun, and goes on when it may. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'netweave-set-up-'));
  for (const folder of ['scripts', 'dist', 'part']) mkdirSync(join(clone, folder));
  copyFileSync(join(scripts, 'set-up.mjs'), join(clone, 'scripts/set-up.mjs'));
  const whole = { name: 'whole', version: '1.0.0', dependencies: { part: 'file:part' } };
  const packages = { '': whole, 'node_modules/part': { resolved: 'part', link: true }, part: { version: '1.0.0' } };
  write('package.json', JSON.stringify({ ...whole, scripts: { preinstall: 'node hold.mjs' } }));
  write('package-lock.json', JSON.stringify({ name: 'whole', version: '1.0.0', lockfileVersion: 3, packages }));
  write('part/package.json', JSON.stringify({ name: 'part', version: '1.0.0' }));
  write('install.mjs', `import { installPackages } from './scripts/set-up.mjs';\nawait installPackages();\n`);
  const hold = `import { appendFileSync, existsSync } from 'node:fs';
appendFileSync('begun', '.');
setInterval(() => existsSync('go') && process.exit(), 20);
`;
  write('hold.mjs', hold);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(clone, { recursive: true });
});

const write = (name: string, text: string) => writeFileSync(join(clone, name), text);
const read = (name: string) => (existsSync(join(clone, name)) ? readFileSync(join(clone, name), 'utf8') : '');

/** In place of npm: notes that it was begun and what it is told, and is over when it may be. */
function standIn(): void {
  mkdirSync(join(clone, 'bin'));
  const npm = `#!/usr/bin/env node
const { appendFileSync, existsSync, mkdirSync } = require('node:fs');
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => appendFileSync('heard', signal));
appendFileSync('begun', '.');
setInterval(() => {
  if (existsSync('go')) mkdirSync('node_modules/part', { recursive: true });
  if (existsSync('go') || !existsSync('begun')) process.exit();
}, 20);
`;
  writeFileSync(join(clone, 'bin/npm'), npm, { mode: 0o755 });
}

function install() {
  const { HOME } = process.env;
  const PATH = [join(clone, 'bin'), dirname(process.execPath), process.env['PATH']].join(':');
  // Not what an npm around the tests was told.
  const npm = { npm_config_ignore_scripts: 'false', npm_config_offline: 'true', npm_config_update_notifier: 'false' };
  const child = spawn(process.execPath, ['install.mjs'], { cwd: clone, env: { PATH, HOME, ...npm } });
  started.push(child);
  const run = {
    said: '',
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: once(child, 'close').then(([code]) => code as number),
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (run.said += String(chunk)));
  return run;
}

const installed = () => [existsSync(join(clone, 'node_modules/part')), existsSync(join(clone, 'dist/.installing'))];

test('who waited for another install of a clone takes what that one installed', async () => {
  const first = install();
  await until(() => read('begun') !== '');
  const second = install();
  await until(() => second.said.includes('waiting for it'));
  write('go', '');
  expect([await first.ended, first.said]).toEqual([0, expect.stringContaining('Installing packages')]);
  expect([await second.ended, second.said]).toEqual([0, expect.not.stringContaining('Installing packages')]);
  expect([read('begun'), ...installed()]).toEqual(['.', true, false]);
});

test('of several who begin at once, one installs', async () => {
  write('go', '');
  // What was cut off, too: each of them would take its place.
  write('dist/.installing', '');
  const all = Array.from({ length: 4 }, install);
  expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
  expect(all.filter(({ said }) => said.includes('Installing packages'))).toHaveLength(1);
  expect([read('begun'), ...installed()]).toEqual(['.', true, false]);
});

test.each([
  ['nothing', ''],
  ['the first process of a container', '1'],
  ['the process id of an npm, which has become that of another program', `1 x\n${process.pid} 1`],
])('an install that was cut off and left %s is not waited for', async (_what, left) => {
  write('go', '');
  write('dist/.installing', left);
  const run = install();
  expect([await run.ended, run.said]).toEqual([0, expect.not.stringContaining('waiting')]);
  expect(installed()).toEqual([true, false]);
});

test('an install whose process id has become that of another program is waited for no longer than it may be silent', async () => {
  write('go', '');
  write('dist/.installing', String(process.pid));
  const run = install();
  expect([await run.ended, run.said]).toEqual([0, expect.stringContaining('waiting for it')]);
  expect([read('begun'), ...installed()]).toEqual(['.', true, false]);
});

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  'an install that is told to end (%s) ends npm, and whoever begins anew waits for that',
  async (signal, code) => {
    standIn();
    const first = install();
    await until(() => read('begun') !== '');
    first.kill(signal);
    await until(() => read('heard') === signal);
    const second = install();
    await until(() => second.said.includes('waiting for it'));
    write('go', '');
    expect([await first.ended, await second.ended]).toEqual([code, 0]);
    expect([read('begun'), ...installed()]).toEqual(['..', true, false]);
  },
);

test('an npm that has outlived who began it is waited for, however long that one says nothing', async () => {
  standIn();
  const first = install();
  await until(() => read('begun') !== '');
  first.kill('SIGKILL');
  const second = install();
  await until(() => second.said.includes('waiting for it'));
  // Who installs and is silent for ten seconds counts as cut off.
  await sleep(11_000);
  expect(read('begun')).toBe('.');
  write('go', '');
  expect([await second.ended, read('begun'), ...installed()]).toEqual([0, '..', true, false]);
});
