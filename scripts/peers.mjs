// Builds the real servers that the peers suite runs against, once per version, into a cache folder of the user. Plain
// JavaScript, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), 'test/peers/go');

// In the order of their cost; etcd comes after kube-apiserver, which has compiled most of it by then.
const programs = [
  { name: 'kube-apiserver', module: 'kubernetes', path: 'k8s.io/kubernetes/cmd/kube-apiserver', about: '3-5 min' },
  { name: 'etcd', module: 'kubernetes', path: 'go.etcd.io/etcd/server/v3', about: '10 s' },
  { name: 'kwok', module: 'kwok', path: 'sigs.k8s.io/kwok/cmd/kwok', about: '1-2 min' },
];

// What kwok plays: nodes that become Ready and keep a lease, pods that run at once.
const stageFolders = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'];
const stagesFile = 'kwok-stages.yaml';

/**
 * The folder the built servers are (or will be) in: `NETWEAVE_PEERS`, else one per content of the Go modules.
 * @public imported by its path from the compiled tests, which knip cannot see
 */
export function peersFolder() {
  if (process.env.NETWEAVE_PEERS) return process.env.NETWEAVE_PEERS;
  const hash = createHash('sha256');
  for (const module of ['kubernetes', 'kwok'])
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(modules, module, file)));
  return join(homedir(), '.cache/netweave/peers', hash.digest('hex').slice(0, 16));
}

function go(module, args, doing) {
  // GOWORK off: a workspace of the user around this folder must not decide what is built.
  const env = { ...process.env, GOWORK: 'off' };
  const stdio = ['ignore', 'pipe', 'inherit'];
  const done = spawnSync('go', args, { cwd: join(modules, module), env, stdio, encoding: 'utf8' });
  if (done.error?.code === 'ENOENT') {
    const needed = /^go (\S+)/m.exec(readFileSync(join(modules, module, 'go.mod'), 'utf8'))[1];
    const instead = `or name a folder that holds ${[...programs.map((each) => each.name), stagesFile].join(', ')} in NETWEAVE_PEERS`;
    throw new Error(
      `Go is not installed (no 'go' on PATH). Install Go >= ${needed} from https://go.dev/dl, ${instead}.`,
    );
  }
  if (done.status !== 0)
    throw new Error(`${doing} failed: 'go ${args.join(' ')}' in ${join(modules, module)}; its messages are above.`);
  return done.stdout.trim();
}

/** Without this stamp kube-apiserver calls itself v0.0.0-master. */
function linkFlags(module) {
  const version = /^\s*k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/m.exec(
    readFileSync(join(modules, module, 'go.mod'), 'utf8'),
  );
  if (!version) return '-s -w';
  const [, major, minor, patch] = version;
  const stamp = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: major, gitMinor: minor };
  const values = Object.entries(stamp).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-s -w', ...values].join(' ');
}

function buildProgram({ name, module, path, about }, folder) {
  console.log(`peers: building ${name} (once; about ${about} on 2 cores) …`);
  const began = Date.now();
  // Built beside and renamed, so that an interrupted or a parallel build never leaves half a program.
  const beside = join(folder, `.${name}.${process.pid}`);
  try {
    go(module, ['build', '-trimpath', '-ldflags', linkFlags(module), '-o', beside, path], `Building ${name}`);
    renameSync(beside, join(folder, name));
  } finally {
    rmSync(beside, { force: true });
  }
  console.log(`peers: built ${name} in ${Math.round((Date.now() - began) / 1000)} s`);
}

function writeStages(folder) {
  const kwok = go('kwok', ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'], 'Finding the stages of kwok');
  const documents = stageFolders.flatMap((name) => {
    const stages = join(kwok, 'kustomize/stage', name);
    const files = readdirSync(stages).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
    return files.sort().map((file) => readFileSync(join(stages, file), 'utf8').trim());
  });
  writeFileSync(join(folder, stagesFile), `${documents.join('\n---\n')}\n`);
  console.log(`peers: wrote ${stagesFile} (${documents.length} stages)`);
}

/**
 * The names of what is not there yet.
 * @public as `peersFolder`
 */
export function missingPeers() {
  const folder = peersFolder();
  return [...programs.map(({ name }) => name), stagesFile].filter((name) => !existsSync(join(folder, name)));
}

/** Builds what is missing and returns the folder; touches nothing and prints nothing when all is there. */
export function buildPeers() {
  const folder = peersFolder();
  const missing = missingPeers();
  if (missing.length === 0) return folder;
  mkdirSync(folder, { recursive: true });
  for (const program of programs) if (missing.includes(program.name)) buildProgram(program, folder);
  if (missing.includes(stagesFile)) writeStages(folder);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(`peers: ready in ${buildPeers()}`);
  } catch (fault) {
    console.error(`peers: ${fault.message}`);
    process.exitCode = 1;
  }
}
