// `npm run cluster`: a Redis, a simulated O-Cloud and three gateways on this machine, any of which may be killed. Plain
// JavaScript, like the rest of this folder.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gatewayProgram, root } from './set-up.mjs';

const usage = `npm run cluster -- [options]

  --ports 8080,8081,8082   Where the gateways listen; as many as there are ports
  --runs api,watch,deliver What each of them does; several, one for each gateway, with spaces between
  --redis URL              A Redis that runs already (redis://[user:password@]host:port[/database]); else one is started.
                           A second cluster on it needs the NETWEAVE_KEY of the first
  --size 400               Servers, arrays and switches of the simulated O-Cloud
  --changes 1              Changes a second that happen there by themselves
`;

function optionsFrom(args) {
  const text = (by) => ({ type: 'string', default: by });
  const options = {
    ports: text('8080,8081,8082'),
    runs: text('api,watch,deliver'),
    redis: { type: 'string' },
    size: text('400'),
    changes: text('1'),
    help: { type: 'boolean', short: 'h' },
  };
  const { values } = parseArgs({ args, options });
  const ports = values.ports.split(',').map(Number);
  if (ports.some((port) => !Number.isInteger(port) || port < 0 || port > 65_535))
    throw new Error(`--ports needs numbers from 0 to 65535 with commas between, not '${values.ports}'.`);
  const runs = values.runs.trim().split(/\s+/);
  return { ...values, ports, runs: ports.map((_, at) => runs[at] ?? runs.at(-1)) };
}

/** Processes by name; each ends with this one. */
const children = new Map();

function startProcess(name, [program, ...args], options = {}) {
  if (stopping) throw new Error(`${name} is not started: all is being stopped.`);
  // In a group of its own: Ctrl-C reaches this process alone, which ends the others in order.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options });
  children.set(name, child);
  const told = (stream, to) => {
    let rest = '';
    stream.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line.trim() !== '' && options.quiet !== true) to.write(`${name} | ${line}\n`);
    });
  };
  told(child.stdout, process.stdout);
  told(child.stderr, process.stderr);
  child.on('error', () => {}); // said by whoever waits for it
  child.on('exit', (code, signal) => {
    children.delete(name);
    if (!stopping) console.log(`${name} (process ${child.pid}) ended: ${signal ?? `exit code ${code}`}`);
  });
  return child;
}

/** Resolves when everything has ended; there once that was asked for. */
let stopping;

/** Whoever asks again waits for the same. */
const stop = (folder) => (stopping ??= stopAll(folder));

async function stopAll(folder) {
  const end = async (names) => {
    const ends = names.map((name) => {
      const child = children.get(name);
      if (!child) return undefined;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      child.kill('SIGCONT'); // one that is paused would not hear
      const timer = setTimeout(() => child.kill('SIGKILL'), 25_000);
      return gone.finally(() => clearTimeout(timer));
    });
    await Promise.all(ends);
  };
  const names = [...children.keys()];
  await end(names.filter((name) => name.startsWith('gateway')));
  await end(names.filter((name) => !name.startsWith('gateway')));
  rmSync(folder, { recursive: true, force: true });
}

/** Resolves with what `found` finds in what the process prints. */
function said(name, child, found) {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk) => {
      text += chunk;
      const match = found(text);
      if (match !== undefined) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => reject(error));
    child.once('exit', () => reject(new Error(`${name} ended while it started:\n${text}`)));
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startRedis(folder) {
  if (spawnSync('redis-server', ['--version']).error) {
    const how = { darwin: 'brew install redis', linux: 'sudo apt-get install redis-server' }[process.platform];
    const install = how ? `Install it (\`${how}\`)` : 'Install Redis 6.2 or newer';
    throw new Error(`redis-server is not installed. ${install}, or name one that runs: npm run cluster -- --redis URL`);
  }
  const port = await freePort();
  const settings = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''];
  const child = startProcess('redis', ['redis-server', ...settings.map(String)], { quiet: true });
  await said('redis', child, (text) => (/Ready to accept connections/.test(text) ? true : undefined));
  return { host: '127.0.0.1', port, pid: child.pid };
}

function redisAt(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol))
    throw new Error(`--redis needs an URL like redis://127.0.0.1:6379, not '${text}'.`);
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.pathname.length > 1 && { database: Number(url.pathname.slice(1)) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

const does = (role) => (runs) => runs.split(',').some((word) => word.trim() === role);

async function startGateway(node, at, { port, runs, config, folder, key }) {
  const name = `gateway-${at + 1}`;
  const env = { ...process.env, NETWEAVE_CONFIG: config, NETWEAVE_KEY: key, NETWEAVE_RUNS: runs };
  // Who answers no clients has that port for its health.
  const answers = does('api')(runs);
  if (!answers) env.NETWEAVE_METRICS_LISTEN_PORT = String(port);
  const child = startProcess(name, [node, ...gatewayProgram(), '--port', answers ? String(port) : '0'], {
    cwd: folder,
    env,
    quiet: true,
  });
  const url = await said(name, child, (text) => /(http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1]);
  return { name, url, pid: child.pid, runs };
}

async function startAll(node, options, folder) {
  const { pid, ...redis } = options.redis === undefined ? await startRedis(folder) : redisAt(options.redis);
  const simulator = ['dist/adapters/simulator/o-cloud/main.js', '--size', options.size];
  const oCloud = startProcess(
    'o-cloud',
    [node, join(root, simulator[0]), ...simulator.slice(1), '--changesPerSecond', options.changes],
    { quiet: true },
  );
  const { url } = await said('o-cloud', oCloud, (text) => (text.includes('\n') ? JSON.parse(text) : undefined));
  const ports = await Promise.all(options.ports.map((port) => port || freePort()));
  const answers = options.runs.findIndex(does('api'));
  // Whichever process delivers, links in notifications lead to one that answers.
  const publicUrl = answers < 0 ? {} : { publicUrl: `http://127.0.0.1:${ports[answers]}` };
  const config = join(folder, 'cluster.yaml');
  const backend = { key: 'demo', type: 'simulator', title: 'Simulated O-Cloud', options: { url } };
  // JSON is YAML.
  const configuration = { ...publicUrl, store: { redis }, accessLog: { enabled: false }, backends: [backend] };
  writeFileSync(config, JSON.stringify(configuration), { mode: 0o600 });
  // A Redis that runs already may hold state of an earlier cluster, which is of one key.
  const each = { config, folder, key: process.env.NETWEAVE_KEY || randomBytes(32).toString('base64') };
  const gateways = await Promise.all(
    ports.map((port, at) => startGateway(node, at, { ...each, port, runs: options.runs[at] })),
  );
  const line = (name, where, id, what) => console.log(`  ${name.padEnd(10)}  ${where.padEnd(24)}  ${id}${what}`);
  console.log('\nThe cluster is up. Kill any of the processes and look how the others go on; Ctrl-C ends all.\n');
  line('redis', `${redis.host}:${redis.port}`, pid === undefined ? 'not ours' : `process ${pid}`, '');
  line('o-cloud', url, `process ${oCloud.pid}`, '');
  for (const { name, url: at, pid: id, runs } of gateways) line(name, at, `process ${id}`, `  runs ${runs}`);
  console.log(`\n  curl ${gateways[0].url}/o2ims-infrastructureInventory/v2/resourcePools\n`);
}

/** Runs until it is told to end, or until everything has ended. */
export async function cluster(node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-cluster-'));
  try {
    const options = optionsFrom(args);
    if (options.help) return void console.log(usage) ?? 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(folder));
    process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
    await startAll(node, options, folder);
    await Promise.all([...children.values()].map((child) => new Promise((resolve) => child.once('exit', resolve))));
    return 0;
  } catch (error) {
    if (stopping) return 0;
    console.error(`cluster: ${error.message}`);
    return 1;
  } finally {
    await stop(folder);
  }
}
