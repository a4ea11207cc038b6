import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';

const program = readFileSync(join(import.meta.dirname, '../../../../src/facades/pages/live/live.js'), 'utf8');

interface Message {
  readonly type: string;
  readonly payload?: { readonly variables?: { readonly since?: string } };
}

/** What the gateway answers to each subscription, the first first; the last of them is never ended. */
let answers: readonly (readonly object[])[];
/** Where each of them began. */
let began: (string | undefined)[];
let server: WebSocketServer;
/** It would come back for ever. */
let page: { open: boolean };

beforeEach(async () => {
  began = [];
  page = { open: true };
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as Message;
      if (type === 'connection_init') return socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      const all = answers[began.length] ?? [];
      began.push(payload?.variables?.since);
      for (const each of all) socket.send(JSON.stringify({ id: '1', ...each }));
    }),
  );
  await once(server, 'listening');
});
afterEach(async () => {
  page.open = false;
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** What the page has said, and how long it wanted to wait each time before it began again, which it does at once. */
function openPage() {
  const here = page;
  const seen = { said: [] as string[], waits: [] as number[] };
  const elements = new Map<string, object>();
  const element = (text = (_text: string): void => undefined) => ({
    dataset: {},
    rows: [],
    set textContent(said: string) {
      text(said);
    },
    addEventListener: () => undefined,
    append: () => undefined,
    prepend: () => undefined,
    replaceChildren: () => undefined,
  });
  elements.set(
    'state',
    element((said) => void seen.said.push(said)),
  );
  const lists = { resourcePools: { totalCount: 3, position: '7.a' } };
  runInNewContext(program, {
    WebSocket,
    location: { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    sessionStorage: { getItem: () => null },
    fetch: () => Promise.resolve({ status: 200, json: () => Promise.resolve({ data: lists }) }),
    document: {
      createElement: () => element(),
      getElementById: (id: string) => elements.get(id) ?? element(),
    },
    setTimeout(work: () => void, wait: number) {
      if (work.name === 'begin') seen.waits.push(wait);
      return here.open ? setImmediate(work) : undefined;
    },
    clearTimeout: clearImmediate,
  });
  return seen;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const refusal = (extensions: object) => ({ type: 'error', payload: [{ message: 'There are too many.', extensions }] });
const change = {
  change: 'DELETED',
  objectType: 'Resource',
  id: 'x',
  at: '2026-01-01T00:00:00Z',
  position: '9.b',
  changed: [],
  object: null,
};

test('who is refused says why, and tries again when it was told to, or after pauses that grow', async () => {
  answers = [[refusal({ retryAfter: 30 })], ...Array.from({ length: 4 }, () => [refusal({})]), []];
  const { said, waits } = openPage();
  await until(() => began.length === answers.length);
  expect(began).toEqual(Array(6).fill('7.a'));
  expect(said).toContain('There are too many; it is tried again in 30 s.');
  expect(said).toContain('There are too many; it is tried again.');
  expect(waits[0]).toBeGreaterThanOrEqual(30_000);
  const [, ...others] = waits;
  expect(others).toHaveLength(4);
  // Never sooner than half of 250 ms, doubled each time.
  for (const [index, wait] of others.entries()) expect(wait).toBeGreaterThanOrEqual(250 * 2 ** index);
});

test('a stream that has ended begins again behind what it was told last', async () => {
  answers = [[{ type: 'next', payload: { data: { changes: change } } }, { type: 'complete' }], []];
  const { said, waits } = openPage();
  await until(() => began.length === 2);
  expect(began).toEqual(['7.a', '9.b']);
  expect(said).toContain('The stream has ended; it is tried again.');
  expect(waits).toHaveLength(1);
});

test('a stream that was told nothing begins again where a ping said it was', async () => {
  const pings = [{ positions: { 1: '9.b' } }, { positions: { 2: '10.b' } }, {}, undefined];
  answers = [[...pings.map((payload) => ({ type: 'ping', payload })), { type: 'complete' }], []];
  openPage();
  await until(() => began.length === 2);
  expect(began).toEqual(['7.a', '9.b']);
});
