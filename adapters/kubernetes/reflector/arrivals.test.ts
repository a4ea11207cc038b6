import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { arrivalsOf, Silent, type Arrivals } from './arrivals.js';

let sender: Socket;
let arrivals: Arrivals;
let close: () => Promise<unknown>;

beforeEach(async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sender = await accepted;
  arrivals = arrivalsOf(client);
  close = () => {
    client.destroy();
    sender.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => close());

test('a body in which nothing comes for so long is silent', async () => {
  await expect(arrivals.more(50)).rejects.toBeInstanceOf(Silent);
});

test('what came while the process itself was held up is read before silence is judged', async () => {
  const more = arrivals.more(200);
  sender.write('a bookmark');
  // As a long turn does, or a machine that was suspended.
  for (const until = performance.now() + 400; performance.now() < until;);
  expect(await more).toBe(true);
  expect(String(arrivals.take())).toBe('a bookmark');
});
