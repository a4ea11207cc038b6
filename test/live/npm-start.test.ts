import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { until } from '../gateway-under-test.js';

jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../../../scripts/run.mjs');
const start = `"${process.execPath}" "${program}" start --memory --port 0`;

/** Of processes: those of a test that failed would stay. */
const groups: number[] = [];
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Nothing is left, as it should be.
    }
  }
});

test.each([
  // npm puts a shell between itself and what it runs, and that shell dies of the signal.
  ['npm', `${start}; true`, (pid: number) => process.kill(pid, 'SIGTERM')],
  ['a supervisor that sends SIGINT', `exec ${start}`, (pid: number) => process.kill(pid, 'SIGINT')],
  ['Ctrl-C, which all of a terminal hear,', `${start}; true`, (pid: number) => process.kill(-pid, 'SIGINT')],
])('when %s ends `npm start`, streams are told, and the gateway ends in good order', async (_who, command, end) => {
  // Detached is a process group of its own, as a terminal makes one.
  const shell = spawn('sh', ['-c', command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  let said = '';
  for (const output of [shell.stdout, shell.stderr]) output.on('data', (text: Buffer) => (said += text.toString()));
  const over = Promise.all([once(shell.stdout, 'end'), once(shell.stderr, 'end')]);
  groups.push(shell.pid!);
  await until(() => /netweave is ready at http/.test(said));
  const [, address] = /netweave is ready at http:\/\/(\S+)/.exec(said)!;
  const closed = await streaming(address!);
  end(shell.pid!);
  expect(await closed()).toBe(1012);
  await over;
  expect(said).toContain('Stopped.');
});

/** Begins a stream; answers the code its connection will have been closed with. */
async function streaming(address: string): Promise<() => Promise<number>> {
  const socket = new WebSocket(`ws://${address}/graphql`, 'graphql-transport-ws');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  await once(socket, 'message');
  const payload = { query: 'subscription { changes { __typename } }' };
  socket.send(JSON.stringify({ id: 'one', type: 'subscribe', payload }));
  await once(socket, 'message');
  return () => closed;
}
