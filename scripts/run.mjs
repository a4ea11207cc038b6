// `npm start`, `npm test` and the other commands: sets up what is missing, then runs on Node 24. Plain JavaScript, because
// it runs before anything is installed; npm's own pre- and post-scripts are off (ignore-scripts).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cluster } from './cluster.mjs';
import { buildPeers } from './peers.mjs';
import { build, check, gatewayProgram, installPackages, node24, root, typeScriptFlags } from './set-up.mjs';

const [command, ...args] = process.argv.slice(2);

function run(argv, env = {}) {
  const [program, ...rest] = argv;
  const done = spawnSync(program, rest, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return done.status ?? 1;
}

/** Runs the gateway; its exit code is ours. A Ctrl-C reaches it by itself and once more from here: it forgives an echo. */
function start() {
  const gateway = spawn(node24(), [...gatewayProgram(), ...args], { cwd: process.cwd(), stdio: 'inherit' });
  let told = false;
  const end = (signal) => (told = gateway.kill(signal));
  process.on('SIGTERM', end);
  process.on('SIGHUP', () => gateway.kill('SIGHUP'));
  // Windows knows it from a Ctrl-C only, which every process of the console gets; passed on, it would end the gateway at once.
  process.on('SIGINT', (signal) => process.platform !== 'win32' && end(signal));
  // npm hands a signal to a shell that dies of it and passes nothing on: who is left without a parent ends what it began,
  // once: a second signal would end it at once.
  const parent = process.ppid;
  const orphaned = () => process.ppid !== parent && !told && end('SIGTERM');
  if (process.env.npm_lifecycle_event !== undefined) setInterval(orphaned, 500).unref();
  return new Promise((resolve) => gateway.on('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}

/** Runs a suite of jest and closes with its totals. */
function suite(name) {
  const totals = join(mkdtempSync(join(tmpdir(), 'netweave-')), 'totals');
  const flags = ['--disable-warning=ExperimentalWarning', '--no-deprecation'];
  const argv = [node24(), ...flags, join(root, 'node_modules/jest/bin/jest.js'), ...args];
  const status = run(argv, { NETWEAVE_TEST_SUITE: name, NETWEAVE_TOTALS: totals, NODE_ENV: 'test' });
  const text = existsSync(totals) ? readFileSync(totals, 'utf8') : '{"passed":0,"failed":0,"skipped":[]}';
  rmSync(totals, { force: true });
  const { passed, failed, skipped } = JSON.parse(text);
  const broken = status !== 0 && failed === 0 ? 1 : failed;
  // `.ci/run` reads this line too. By `-t` all but a few are skipped.
  const some = [...skipped.slice(0, 20), ...(skipped.length > 20 ? ['…'] : [])].join('; ');
  if (skipped.length > 0) console.log(`${skipped.length} skipped: ${some}`);
  console.log(`${passed} passed, ${broken} failed`);
  return status;
}

/** What needs the real servers: builds these first, once. */
function withPeers(work) {
  try {
    buildPeers();
  } catch (fault) {
    console.error(`peers: ${fault.message}`);
    console.log('0 passed, 1 failed');
    return 1;
  }
  return work();
}

/** By `--live` or `--delivery` as first argument, the cases of another bench. */
function bench() {
  const [first, ...names] = args;
  const known = { '--live': 'live/main.js', '--delivery': 'delivery.js' };
  const [file, rest] = Object.hasOwn(known, first ?? '') ? [known[first], names] : ['main.js', args];
  const work = () => run([node24(), '--enable-source-maps', join(root, 'dist/bench', file), ...rest]);
  return args.includes('--kubernetes') || args.includes('--many-nodes') ? withPeers(work) : work();
}

/** Deliveries under faults; by another name as first argument, another run of the same folder. */
function faults() {
  const [name, ...rest] = args;
  const known = { live: 'live/main.js', silent: 'live/silent.js', soak: 'live/soak.js' };
  const [file, options] = Object.hasOwn(known, name ?? '') ? [known[name], rest] : ['main.js', args];
  return run([node24(), '--enable-source-maps', join(root, 'dist/test/faults', file), ...options]);
}

/** Runs a TypeScript file of the reader's, named from the folder that npm was called in; `npx node` is not everywhere. */
function example() {
  const [file, ...rest] = args;
  if (file === undefined) {
    console.error('Name a file: npm run example -- client.ts');
    return 2;
  }
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), file);
  if (!existsSync(path)) {
    console.error(`There is no file ${path}.`);
    return 2;
  }
  return run([node24(), ...typeScriptFlags(), path, ...rest]);
}

const commands = {
  start,
  test: () => suite('unit'),
  peers: () => withPeers(() => suite('peers')),
  browser: () => suite('browser'),
  faults,
  example,
  bench,
  cluster: () => cluster(node24(), args),
  build: () => 0,
  emit: () => run([node24(), join(root, 'dist/src/emit.js'), ...args]),
  check: () => check(args),
};

if (!(command in commands)) {
  console.error(`Unknown command '${command ?? ''}'. Known: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
await installPackages();
build();
process.exit(await commands[command]());
