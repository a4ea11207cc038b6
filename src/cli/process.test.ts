import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('../main.js', import.meta.url));

/** The real program, with an environment of its own. */
function netweave(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, ended, error: text(child.stderr) };
}

/** Where it listens; its output is read on. */
function urlOf({ stdout }: ReturnType<typeof netweave>['child']): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stdout.on('data', (chunk: Buffer) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec((seen += chunk.toString()));
      if (found) resolve(found[0]);
    });
    stdout.once('end', () => reject(new Error('netweave ended without saying where it listens.')));
  });
}

describe('the process', () => {
  test('starts, answers, and ends with 0 on SIGTERM', async () => {
    const { child, ended, error } = netweave(['--port', '0'], { NETWEAVE_STORE_MEMORY: 'true' });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const alive = await fetch(`${await urlOf(child)}/livez`);
    expect(alive.status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(said).toContain('state kept in memory only');
    expect(await error).toMatch(/"msg":"Stopped\."/);
  });

  test('loads no client of Kubernetes or Redis for the demonstration', async () => {
    // V8's account of all that a process loaded.
    const folder = mkdtempSync(join(tmpdir(), 'netweave-loaded-'));
    const { child, ended } = netweave(['--port', '0', '--memory'], { NODE_V8_COVERAGE: folder });
    await fetch(`${await urlOf(child)}/livez`);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const accounts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    rmSync(folder, { recursive: true });
    const loaded = accounts.flatMap(
      (text) => (JSON.parse(text) as { readonly result: readonly { url: string }[] }).result,
    );
    const of = (name: string) => loaded.filter(({ url }) => url.includes(`/node_modules/${name}/`)).length;
    expect(of('zod')).toBeGreaterThan(0);
    expect([of('@kubernetes/client-node'), of('ioredis')]).toEqual([0, 0]);
  });

  test('starts without a backend, and says that its lists are empty', async () => {
    const { child, ended, error } = netweave(['--port', '0', '--memory', '--config', '/dev/null']);
    await urlOf(child);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await error).toMatch(/"level":"warn".*No backend is enabled/);
  });

  test('says where metrics and health are when they have a port of their own', async () => {
    const { child, ended } = netweave(['--port', '0', '--memory'], { NETWEAVE_METRICS_LISTEN_PORT: '0' });
    const said = text(child.stdout);
    const own = urlOf(child);
    const announced = new Promise<void>((resolve) =>
      child.stdout.on('data', (chunk: Buffer) => /\/livez/.test(chunk.toString()) && resolve()),
    );
    await announced;
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const apart = /metrics {6}(http:\/\/127\.0\.0\.1:\d+)\/metrics/.exec(await said)?.[1];
    expect(apart).toBeDefined();
    expect(apart).not.toBe(await own);
  });

  test('goes on when whoever read its output has gone', async () => {
    const { child, ended, error } = netweave(['--port', '0', '--memory']);
    const url = await urlOf(child);
    child.stdout.destroy();
    await fetch(`${url}/livez`);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await error).toMatch(/The access log cannot be written\./);
  });

  test('ends with 2 when a kubeconfig is missing: says which, for what, and what to do, and tries nothing again', async () => {
    const { ended, error } = netweave(['--port', '0', '--memory', '--kubeconfig', '/nowhere/kubeconfig']);
    expect(await ended).toBe(2);
    const said = await error;
    expect(said).toMatch(/--kubeconfig: backends\[0\]\.options\.kubeconfig: .*'\/nowhere\/kubeconfig' cannot be read/);
    expect(said).not.toMatch(/retry/i);
  });

  test('ends with 2 when a kubeconfig is none: names the file and what it lacks', async () => {
    const file = fileURLToPath(new URL('../../../package.json', import.meta.url));
    const { ended, error } = netweave(['--port', '0', '--memory', '--kubeconfig', file]);
    expect(await ended).toBe(2);
    const said = await error;
    expect(said).toContain(`kubeconfig '${file}' is none that can be used: it has no clusters and no contexts.`);
    expect(said).not.toMatch(/^ {4}at /m);
  });

  test('ends with 3 when its port is taken, and says what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { ended, error } = netweave(['--port', String(port), '--memory']);
    expect(await ended).toBe(3);
    expect(await error).toMatch(new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use\\. .*--port`));
    taken.close();
  });

  test('ends with 2 and no stack when the folder of the access log or the certificate is not there', async () => {
    for (const [name, place] of [
      ['NETWEAVE_ACCESS_LOG_FILE', 'accessLog.file'],
      ['NETWEAVE_TLS', 'tls.certificate'],
    ] as const) {
      const value = name === 'NETWEAVE_TLS' ? '{ certificate: /nowhere/a, key: /nowhere/b }' : '/nowhere/access.log';
      const { ended, error } = netweave(['--port', '0', '--memory'], { [name]: value });
      expect(await ended).toBe(2);
      const said = await error;
      expect(said).toContain(`${name}: ${place}: `);
      expect(said).not.toMatch(/^ {4}at /m);
    }
  });

  test('ends with 2 when its configuration is wrong', async () => {
    const { ended, error } = netweave(['--host', '0.0.0.0', '--memory']);
    expect(await ended).toBe(2);
    expect(await error).toMatch(/--host: listen\.host: Development listens on this machine only/);
  });
});
