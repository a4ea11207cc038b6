import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from './gateway-under-test.js';

// Processes take a second of one processor each to start.
jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../../scripts/run.mjs');
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'netweave-cluster-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('a Ctrl-C while it starts ends all of it, and leaves no password behind', async () => {
  // A Redis that never answers: the gateways wait for it.
  let asked = 0;
  const silent = createServer((socket) => {
    asked += 1;
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const redis = `redis://:secret@127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const argv = [program, 'cluster', '--redis', redis, '--ports', '0,0', '--size', '20'];
  const child = spawn(process.execPath, argv, { env: { ...process.env, TMPDIR: folder }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const written = () => {
    const [cluster] = readdirSync(folder).filter((name) => name.startsWith('netweave-cluster-'));
    const file = join(folder, cluster ?? '', 'cluster.yaml');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  await until(() => written().includes('secret') && asked > 0);
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(readdirSync(folder)).toEqual([]);
  silent.close();
});
