// `npm start`, `npm test` and the other commands: sets up what is missing, then runs on Node 24. Plain JavaScript, because
// it runs before anything is installed; npm's own pre- and post-scripts are off (ignore-scripts).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cluster } from './cluster.mjs';
import { buildPeers } from './peers.mjs';
import { build, check, installPackages, node24, root } from './set-up.mjs';

const [command, ...args] = process.argv.slice(2);

function run(argv, env = {}) {
  const [program, ...rest] = argv;
  const done = spawnSync(program, rest, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return done.status ?? 1;
}

/** Runs the gateway; its exit code is ours. Ctrl-C reaches it by itself: passed on, it would count as the second signal. */
function start() {
  const argv = [
    '--enable-source-maps',
    '--disable-warning=ExperimentalWarning',
    join(root, 'dist/src/main.js'),
    ...args,
  ];
  const gateway = spawn(node24(), argv, { cwd: process.cwd(), stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => gateway.kill(signal));
  process.on('SIGINT', () => {});
  return new Promise((resolve) => gateway.on('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}

/** Runs suites of jest one after another; the closing line adds them up. */
function suites(names, extra) {
  const totals = join(mkdtempSync(join(tmpdir(), 'netweave-')), 'totals');
  let status = 0;
  for (const name of names) {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', '--no-deprecation'];
    const argv = [node24(), ...flags, join(root, 'node_modules/jest/bin/jest.js'), ...extra];
    const failed = run(argv, { NETWEAVE_TEST_SUITE: name, NETWEAVE_TOTALS: totals, NODE_ENV: 'test' });
    status ||= failed;
  }
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const lines = existsSync(totals) ? readFileSync(totals, 'utf8').trim().split('\n') : [];
  for (const line of lines.map((text) => JSON.parse(text))) for (const key of Object.keys(sum)) sum[key] += line[key];
  rmSync(totals, { force: true });
  if (status !== 0 && sum.failed === 0) sum.failed = 1;
  console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
  return status;
}

/** Suites that need the real servers: builds these first, once. */
function suitesWithPeers(names) {
  try {
    buildPeers();
  } catch (fault) {
    console.error(`peers: ${fault.message}`);
    console.log('0 passed, 1 failed');
    return 1;
  }
  return suites(names, args);
}

const commands = {
  start,
  test: () => suites(['unit'], args),
  peers: () => suitesWithPeers(['peers']),
  all: () => suitesWithPeers(['unit', 'peers', 'faults']),
  bench: () => run([node24(), '--enable-source-maps', join(root, 'dist/bench/main.js'), ...args]),
  cluster: () => cluster(node24(), args),
  build: () => 0,
  emit: () => run([node24(), join(root, 'dist/src/emit.js'), ...args]),
  check: () => check(args),
};

if (!(command in commands)) {
  console.error(`Unknown command '${command ?? ''}'. Known: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
installPackages();
build();
process.exit(await commands[command]());
