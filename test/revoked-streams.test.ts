import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startProcess, type GatewayProcess } from './gateway-process.js';
import { until } from './gateway-under-test.js';
import { listenTo } from './live/event-client.js';
import { connectLive } from './live/live-client.js';

// A process takes a second of one processor to start, of which there may be few.
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'netweave-revoked-streams-'));
const file = join(folder, 'netweave.yaml');
/** The gateway promises five seconds: as much again for a machine that is busy. */
const soon = 10_000;

interface Client {
  readonly roles: readonly string[];
  readonly tenant?: string;
  readonly expires?: string;
}
const watcher: Client = { roles: ['watcher'] };
const clients: Record<string, Client> = {
  stayer: watcher,
  leaver: watcher,
  ender: watcher,
  lesser: { roles: ['fewer'] },
  mover: { roles: ['watcher'], tenant: 'blue' },
  deaf: watcher,
  monitor: { roles: ['monitor'] },
};
const roles: Record<string, readonly string[]> = {
  watcher: ['resources:read', 'resourcePools:read'],
  fewer: ['resources:read', 'resourcePools:read'],
};

function write(): void {
  const tokens = Object.entries(clients).map(([name, client]) => {
    return { name, sha256: createHash('sha256').update(name).digest('hex'), ...client };
  });
  const embedded = { seed: 2, size: 60, pools: 3, changesPerSecond: 50, tenants: ['blue', 'red'] };
  const backends = [{ key: 'sim', type: 'simulator', options: { embedded } }];
  writeFileSync(file, JSON.stringify({ listen: { port: 0 }, store: { memory: true }, roles, tokens, backends }));
}

let gateway: GatewayProcess;
beforeAll(async () => {
  write();
  gateway = await startProcess(folder, '--config', file);
  await until(async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
});
afterAll(async () => {
  gateway.signal('SIGKILL');
  await gateway.ended;
  rmSync(folder, { recursive: true });
});

let reads = 0;
async function readAgain(): Promise<void> {
  write();
  reads += 1;
  gateway.signal('SIGHUP');
  await until(() => gateway.error.split('Tokens and roles were read again.').length > reads);
}

/** A stream of one kind that has told something. */
interface Streaming {
  /** How it ended, and when, milliseconds. */
  ended?: { readonly how: unknown; readonly at: number };
  told(): number;
  /** Takes nothing any more. */
  pause(): void;
  leave(): void;
}

const note = (stream: Streaming, end: Promise<unknown>): Streaming => {
  void end.then((how) => (stream.ended = { how, at: performance.now() }));
  return stream;
};

const kinds: Readonly<Record<string, (as: string) => Promise<Streaming>>> = {
  async WebSocket(as) {
    const { socket, subscribe, of, ended } = await connectLive(gateway, { as });
    subscribe('s', 'subscription { resourceChanged { position } }');
    return note({ told: () => of('s').length, pause: () => socket.pause(), leave: () => socket.terminate() }, ended);
  },
  async '/events'(as) {
    const client = await listenTo(gateway, '?objects=Resource', { as });
    return note(
      { told: () => client.told().length, pause: () => client.response.pause(), leave: client.leave },
      client.ended,
    );
  },
  async tRPC(as) {
    const input = encodeURIComponent(JSON.stringify({ objects: ['Resource'] }));
    const headers = { Authorization: `Bearer ${as}` };
    const sent = request(`${gateway.url}/trpc/changes.watch?input=${input}`, { headers, agent: false }).end();
    sent.on('error', () => undefined);
    let text = '';
    const ended = new Promise<void>((resolve) =>
      sent.once('response', (response) => {
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', () => undefined).once('close', resolve);
      }),
    );
    return note(
      {
        told: () => text.split('"change"').length - 1,
        pause: () => sent.socket!.pause(),
        leave: () => void sent.destroy(),
      },
      ended,
    );
  },
};

async function streamsOf(as: string): Promise<Readonly<Record<string, Streaming>>> {
  const begun = Object.entries(kinds).map(async ([kind, begin]) => [kind, await begin(as)] as const);
  const streams = Object.fromEntries(await Promise.all(begun));
  await until(() => Object.values(streams).every(({ told }) => told() > 1));
  return streams;
}

const statusOf = async (as: string) =>
  (await fetch(`${gateway.url}/netweave/v1/resources`, { headers: { Authorization: `Bearer ${as}` } })).status;

/** What is done to whom, from when on it holds (milliseconds), and what a request is answered then. */
const cases: readonly (readonly [string, string, () => Promise<number>, number])[] = [
  [
    'is taken out of the configuration',
    'leaver',
    async () => {
      const from = performance.now();
      delete clients['leaver'];
      await readAgain();
      return from;
    },
    401,
  ],
  [
    'has a token that ends',
    'ender',
    async () => {
      const wait = 3000;
      const ends = performance.now() + wait;
      clients['ender'] = { ...watcher, expires: new Date(Date.now() + wait).toISOString() };
      await readAgain();
      return ends;
    },
    401,
  ],
  [
    'may not read any more what it is told',
    'lesser',
    async () => {
      const from = performance.now();
      roles['fewer'] = ['resourcePools:read'];
      await readAgain();
      return from;
    },
    403,
  ],
  [
    'belongs to another tenant now',
    'mover',
    async () => {
      const from = performance.now();
      clients['mover'] = { roles: ['watcher'], tenant: 'red' };
      await readAgain();
      return from;
    },
    200,
  ],
];

test.each(cases)('who %s is told no more, on any stream: %s', async (_what, as, revoke, status) => {
  const [staying, leaving] = [await streamsOf('stayer'), await streamsOf(as)];
  expect(await statusOf(as)).toBe(200);
  const from = await revoke();
  await until(() => Object.values(leaving).every(({ ended }) => ended !== undefined));
  for (const [kind, { ended }] of Object.entries(leaving)) {
    const after = ended!.at - from;
    // A token's end may be some milliseconds off between both clocks; nobody is sent away before.
    expect([kind, after > -100, after < soon]).toEqual([kind, true, true]);
  }
  expect(leaving['WebSocket']!.ended!.how).toEqual({ code: 4403, reason: 'Forbidden' });
  expect(await statusOf(as)).toBe(status);
  const told = Object.values(staying).map((stream) => stream.told());
  await until(() => Object.values(staying).every((stream, at) => stream.told() > told[at]!));
  for (const stream of Object.values(staying)) {
    expect(stream.ended).toBeUndefined();
    stream.leave();
  }
});

test('who takes nothing is cut off all the same', async () => {
  const open = async () => {
    const metrics = await fetch(`${gateway.url}/metrics`, { headers: { Authorization: 'Bearer monitor' } });
    return Number(/^netweave_live_connections (\d+)/m.exec(await metrics.text())![1]);
  };
  await until(async () => (await open()) === 0);
  const streams = Object.values(await streamsOf('deaf'));
  expect(await open()).toBe(streams.length);
  for (const stream of streams) stream.pause();
  // Nobody answers a goodbye that it does not read.
  delete clients['deaf'];
  await readAgain();
  const from = performance.now();
  await until(async () => (await open()) === 0);
  expect(performance.now() - from).toBeLessThan(soon);
  for (const stream of streams) stream.leave();
});
