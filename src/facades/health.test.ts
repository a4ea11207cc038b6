import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { serveHealth } from './health.js';
import { exchangeOf, withRequestIds } from './request-id.js';

const health = {
  ready: () => true,
  report: () => ['[-] backend zürich: 3 of 5 kinds current (“näher” ist kein Feld)'],
};
const noted: (number | undefined)[] = [];
const server = createServer(
  withRequestIds((request, response) => {
    serveHealth(health, request, response);
    noted.push(exchangeOf(response)?.bytes);
  }),
);
afterEach(() => new Promise((resolve) => server.close(resolve)));

test('what is noted of a report is its bytes, not its characters, and nothing of an answer without body', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/readyz?verbose`;
  const { byteLength } = await (await fetch(url)).arrayBuffer();
  await fetch(url, { method: 'HEAD' });
  expect(noted).toEqual([byteLength, 0]);
});
