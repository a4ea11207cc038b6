import { once } from 'node:events';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { until } from '../gateway-under-test.js';

const program = join(import.meta.dirname, '../../../scripts/run.mjs');

test('each process of `npm run cluster` may have a role of its own', async () => {
  const argv = [program, 'cluster', '--ports', '0,0,0', '--runs', 'api watch deliver', '--size', '20'];
  const child = spawn(process.execPath, argv);
  const ended = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('curl ') || child.exitCode !== null);
  expect(said).toMatch(/runs api\n.*runs watch\n.*runs deliver\n/);
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
});
