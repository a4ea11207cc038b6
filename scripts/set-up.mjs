import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
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
  const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (installed()) return;
  const { cutOff, names, end } = await turnToInstall();
  // Another one may have done it meanwhile; doing it again would take the packages from under what runs on them.
  if (!installed()) {
    console.log('Installing packages (once; about a minute) …');
    await install(cutOff, names);
    writeFileSync(stamp, lock);
  }
  end();
}

async function install(cutOff, names) {
  if (cutOff) await removePackages();
  if (await npmInstalls(names)) return;
  // What an install that was cut off left behind may have been in the way.
  await removePackages();
  if (await npmInstalls(names)) return;
  console.error('npm ci failed, as it says above.');
  process.exit(1);
}

const removePackages = () => rm(join(root, 'node_modules'), { recursive: true, force: true, maxRetries: 10 });

/** What ends us ends npm, which first takes back what it did, and then us: whoever begins anew meanwhile waits for it. */
async function npmInstalls(names) {
  let ended;
  const argv = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', argv, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  names(npm);
  const end = (signal) => {
    ended = signal;
    // A Ctrl-C is said to npm by the terminal.
    if (signal !== 'SIGINT') npm.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  const [status] = await once(npm, 'close');
  for (const signal of signals) process.off(signal, end);
  if (ended) process.exit(128 + constants.signals[ended]);
  return status === 0;
}

/** How often an install says that it is under way, and others look; milliseconds. */
const beat = 500;
/** Looks at an install that says nothing before it counts as cut off: its process id may be another's by now. */
const patience = 20;

/**
 * Waits until no other install of this clone is under way, and keeps others waiting, beyond our own end for an npm that it
 * `names`. `cutOff`: one did not come to its end.
 */
async function turnToInstall() {
  const file = join(root, 'dist/.installing');
  const ours = `${process.pid} ${randomUUID()}`;
  mkdirSync(dirname(file), { recursive: true });
  let [cutOff, told] = [false, false];
  for (let [said, silent] = [0, 0]; !created(file, ours);) {
    const latest = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (latest === undefined) continue;
    silent = latest === said ? silent + 1 : 0;
    said = latest;
    if (isUnderWay(file, silent)) {
      if (!told) console.log('Another install of this clone is under way, or is being taken back; waiting for it …');
      told = true;
      await sleep(beat);
    } else {
      cutOff = true;
      rmSync(file, { force: true });
    }
  }
  const isOurs = () => existsSync(file) && readFileSync(file, 'utf8').startsWith(ours);
  // Two who find the same one cut off: the second may have removed what the first one wrote.
  await sleep(beat);
  if (!isOurs()) return turnToInstall();
  const saying = setInterval(() => isOurs() && utimesSync(file, new Date(), new Date()), beat).unref();
  const end = () => {
    clearInterval(saying);
    if (isOurs()) rmSync(file);
  };
  const names = ({ pid }) => {
    const npm = named(pid);
    if (npm && isOurs()) appendFileSync(file, `\n${npm}`);
  };
  return { cutOff, names, end };
}

function created(file, text) {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether who installs still says so, or was killed and an npm that it named is not over: that one says nothing. */
function isUnderWay(file, silent) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [installs, ...npms] = text.split('\n');
  return (silent < patience && isRun(Number.parseInt(installs, 10))) || npms.some((npm) => npm === named(npm));
}

function isRun(pid) {
  try {
    return pid > 1 && pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    // It is another user's.
    return error.code === 'EPERM';
  }
}

/** A process by its id and when it began, which tells it from another that has the id later; undefined when it is over. */
function named(text) {
  const pid = Number.parseInt(text, 10);
  const began = beganOf(pid);
  return began && `${pid} ${began}`;
}

function beganOf(pid) {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
  try {
    // Behind its name, which may hold anything; the state comes first.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
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

/**
 * Node's arguments that run a gateway. What lives briefly gets 16 MiB instead of 64: 70 MB less, and no speed that could be told
 * from the noise.
 */
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
