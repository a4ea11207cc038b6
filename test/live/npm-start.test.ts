import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { until } from '../gateway-under-test.js';

jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../../../scripts/run.mjs');

// npm puts a shell between itself and what it runs, and that shell dies of the signal.
test('who ends `npm start` lets streams be told, and the gateway ends in good order', async () => {
  const shell = spawn('sh', ['-c', `"${process.execPath}" "${program}" start --memory --port 0; true`], {
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  let said = '';
  for (const output of [shell.stdout, shell.stderr]) output.on('data', (text: Buffer) => (said += text.toString()));
  try {
    await until(() => /netweave is ready at http/.test(said));
    const [, address] = /netweave is ready at http:\/\/(\S+)/.exec(said)!;
    const socket = new WebSocket(`ws://${address!}/graphql`, 'graphql-transport-ws');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    await new Promise((resolve) => socket.once('message', resolve));
    const payload = { query: 'subscription { changes { __typename } }' };
    socket.send(JSON.stringify({ id: 'one', type: 'subscribe', payload }));
    await new Promise((resolve) => socket.once('message', resolve));
    shell.kill('SIGTERM');
    expect(await closed).toBe(1012);
    await until(() => said.includes('Stopped.'));
  } finally {
    shell.stdin.end();
    shell.kill('SIGTERM');
  }
});
