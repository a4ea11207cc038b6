import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startProcess } from './gateway-process.js';
import { until } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-stop-'));
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

const config = join(folder, 'gateway.yaml');
writeFileSync(
  config,
  `listen: { port: 0 }
callbacks: { timeout: 40s, test: "off", allow: ["127.0.0.1"], http: true }
backends: [{ key: sim, type: simulator, options: { embedded: { seed: 4, size: 1500, changesPerSecond: 0 } } }]
`,
);

/** A callback that never answers: how often it was called, and by how many connections it still is. */
async function silent() {
  const calls = { all: 0, open: 0 };
  const server = createServer((_request, response) => {
    calls.all += 1;
    calls.open += 1;
    response.once('close', () => (calls.open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

/** Asks for long answers over a WebSocket, and takes none of them. */
async function takesNothing(url: string): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  ends.push(() => socket.terminate());
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve) => socket.once('message', resolve));
  socket.pause();
  const query = '{ resources(first: 1000) { nodes { resourceId description globalAssetId extensions } } }';
  for (let id = 0; id < 40; id += 1)
    socket.send(JSON.stringify({ id: `q${id}`, type: 'subscribe', payload: { query } }));
}

function posts(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** A request whose body ends when it is told. */
function begun(url: string, path: string, body: object) {
  const text = JSON.stringify(body);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  ends.push(() => socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const head = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}`;
  socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n\r\n${text.slice(0, 5)}`);
  return {
    async finish(): Promise<string> {
      socket.write(text.slice(5));
      await closed;
      return answer;
    },
  };
}

test('one stop waits for callbacks, for requests and for who takes no answers at the same time, and ends with 0', async () => {
  const callback = await silent();
  const gateway = await startProcess(folder, '--memory', '--config', config);
  ends.push(() => gateway.signal('SIGKILL'));
  const { url } = gateway;
  await until(() => gateway.out.includes('is read.'));
  expect((await posts(url, '/netweave/v1/inventorySubscriptions', { callback: callback.url })).status).toBe(201);
  const pool = (name: string) => ({ name, description: '' });
  expect((await posts(url, '/netweave/v1/resourcePools', pool('told'))).status).toBe(201);
  await until(() => callback.calls.all > 0);
  await takesNothing(url);
  const request = begun(url, '/netweave/v1/resourcePools', pool('in flight'));
  // Its answer says that the gateway has the others too.
  await fetch(`${url}/livez`);
  gateway.signal('SIGTERM');
  await until(() => callback.calls.open === 0);
  expect(await request.finish()).toMatch(/^HTTP\/1.1 201 Created\r\n/);
  expect(await gateway.ended).toBe(0);
  expect(gateway.error).toContain('Stopped.');
  expect(gateway.error).not.toContain('giving up');
}, 60_000);
