import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { afterSilence } from './silence.js';

/** Holds the whole process up, as a long turn does. */
function holdUp(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('falls once when nothing is heard, and not when it is stopped', async () => {
  const falls: string[] = [];
  afterSilence(20, () => falls.push('silent'));
  afterSilence(20, () => falls.push('stopped')).stop();
  await pause(100);
  expect(falls).toEqual(['silent']);
});

test('does not fall for what came while the process itself was held up', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const sender = await accepted;
  let fallen = false;
  const silence = afterSilence(200, () => (fallen = true));
  const heard = new Promise<void>((resolve) =>
    client.once('data', () => {
      silence.heard();
      resolve();
    }),
  );
  sender.write('a sign of life');
  holdUp(400);
  await heard;
  await pause(50);
  expect(fallen).toBe(false);
  silence.stop();
  client.destroy();
  sender.destroy();
  await new Promise((resolve) => server.close(resolve));
});
