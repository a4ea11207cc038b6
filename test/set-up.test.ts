import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

function install() {
  const { PATH, HOME } = process.env;
  // Not what an npm around the tests was told.
  const npm = { npm_config_ignore_scripts: 'false', npm_config_offline: 'true', npm_config_update_notifier: 'false' };
  const child = spawn(process.execPath, ['install.mjs'], { cwd: clone, env: { PATH, HOME, ...npm } });
  started.push(child);
  const run = { said: '', ended: once(child, 'close').then(([code]) => code as number) };
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
