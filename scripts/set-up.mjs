import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
// What V8 compiled is kept for the next start (Node's own cache; a folder that others cannot write to).
process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules/.cache/netweave');
const sources = ['schema', 'adapters', 'subscriptions', 'src', 'test', 'bench'];

function must(argv, doing) {
  const [program, ...rest] = argv;
  const done = spawnSync(program, rest, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (done.status === 0) return;
  console.error(`${doing} failed (${done.error?.message ?? `exit code ${done.status}`}).`);
  process.exit(done.status ?? 1);
}

/** Installs what the lock file names, once per lock file. */
export async function installPackages() {
  const stamp = join(root, 'node_modules/.netweave-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const installing = join(root, 'dist/.installing');
  await ended(installing);
  const cutOff = existsSync(installing);
  mkdirSync(dirname(installing), { recursive: true });
  writeFileSync(installing, String(process.pid));
  console.log('Installing packages (once; about a minute) …');
  if (cutOff) removePackages();
  let installed = await npmInstalls();
  if (!installed) {
    // What an install that was cut off left behind may have been in the way.
    removePackages();
    installed = await npmInstalls();
  }
  if (!installed) {
    console.error('npm ci failed, as it says above.');
    process.exit(1);
  }
  rmSync(installing);
  writeFileSync(stamp, lock);
}

const removePackages = () => rmSync(join(root, 'node_modules'), { recursive: true, force: true, maxRetries: 10 });

/** A Ctrl-C ends npm, which first takes back what it did, and then us: whoever begins anew meanwhile waits for it. */
async function npmInstalls() {
  let interrupted = false;
  const note = () => void (interrupted = true);
  process.on('SIGINT', note);
  const argv = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', argv, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  const [status] = await once(npm, 'close');
  process.off('SIGINT', note);
  if (interrupted) process.exit(130);
  return status === 0;
}

/** Waits for another install of this clone. */
async function ended(installing) {
  for (let told = false; isRun(installing); told = true) {
    if (!told) console.log('Another install of this clone is under way, or is being taken back; waiting for it …');
    await sleep(500);
  }
}

function isRun(installing) {
  try {
    const pid = Number(readFileSync(installing, 'utf8'));
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The path of the Node that runs the gateway: 24 from npm, else the host's own when it is new enough. */
export function node24() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const pinned = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  console.error(
    `No pinned Node 24 for ${process.platform}-${process.arch} exists on npm; install Node >= 22.13 (this is ${process.version}).`,
  );
  process.exit(1);
}

/** Node's arguments that run a gateway. What lives briefly gets 16 MiB instead of 64: 70 MB less, and no speed that could be told from the noise. */
export function gatewayProgram() {
  const flags = ['--enable-source-maps', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];
  return [...flags, join(root, 'dist/src/main.js')];
}

/** What makes `node24()` strip types: they are by default from 22.18 and 23.6 on. */
export function typeScriptFlags() {
  const quiet = '--disable-warning=ExperimentalWarning';
  const [major, minor] = process.versions.node.split('.').map(Number);
  const byItself = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
  return node24() === process.execPath && !byItself ? [quiet, '--experimental-strip-types'] : [quiet];
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

/** What is left of a source that is gone would still be run: its tests above all. */
function removeOrphans(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeOrphans(path);
    else if (/\.(js|js\.map|d\.ts)$/.test(entry.name)) {
      const source = relative(join(root, 'dist'), path).replace(/\.(js|js\.map|d\.ts)$/, '.ts');
      if (!existsSync(join(root, source))) rmSync(path);
    }
  }
}

/** Compiles when a source is newer than the last successful build. */
export function build() {
  const stamp = join(root, 'dist/.built');
  const inputs = [
    ...sources
      .map((name) => join(root, name))
      .filter(existsSync)
      .map(newest),
    statSync(join(root, 'tsconfig.json')).mtimeMs,
    statSync(join(root, 'package.json')).mtimeMs,
  ];
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...inputs)) return;
  must([node24(), join(root, 'node_modules/tsc7/bin/tsc'), '-p', root], 'The build');
  mkdirSync(join(root, 'dist'), { recursive: true });
  removeOrphans(join(root, 'dist'));
  writeFileSync(stamp, '');
}

/** Everything a reviewer would otherwise have to say: rings, lint, format, unused exports, emitted files. */
export function check(only) {
  const bin = (name, file) => join(root, 'node_modules', name, file);
  const steps = {
    rings: [
      bin('dependency-cruiser', 'bin/dependency-cruise.mjs'),
      'schema',
      'src',
      'adapters',
      'subscriptions',
      '--config',
    ],
    lint: [bin('eslint', 'bin/eslint.js'), '.'],
    format: [bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    unused: [bin('knip', 'bin/knip.js'), '--no-progress'],
    // Without the tests: what they alone use belongs into a `testing/` folder.
    shipped: [bin('knip', 'bin/knip.js'), '--no-progress', '--production'],
    emitted: [join(root, 'dist/src/emit.js'), '--check'],
  };
  let status = 0;
  for (const [name, argv] of Object.entries(steps)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const done = spawnSync(node24(), argv, { cwd: root, stdio: 'inherit' });
    console.log(`check ${name}: ${done.status === 0 ? 'ok' : 'FAILED'}`);
    status ||= done.status ?? 1;
  }
  return status;
}
