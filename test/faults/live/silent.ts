import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createClient } from '#src/facades/trpc/client.js';
import { setStage, type Stage } from './stage.js';

// `npm run test:faults -- silent`: a client that subscribes and never reads while 60,000 events pass; with `--nobody` the same
// run without it. Who gives no sign of life is cut off, and cannot be told why: then another one comes.

/** In three rounds. */
const events = 60_000;
/** Of these a silent client is there for: some pass before it is seen that one was cut off. */
const mostMissed = events / 10;
const perSecond = 4000;
/** Events that have not come back: more would be told to the other client in a digest. */
const ahead = 400;
const mostGrowth = 32 * 1024 * 1024;
/** Of the other client's p99. The promise is 1.2; on a busy machine two equal rounds may differ by more. */
const mostSlowing = 2;
const limit = 4 * 60_000;
/** Who gives no sign of life is cut off at the second of its beats, every 16 s; less what they and we look late. */
const closedAfter = 15_000;
const closedWithin = 45_000;

const fields = '... on Change { change id object { __typename } changed position at } ... on Gap { position reason }';
const query = `subscription { changes { ${fields} } }`;
const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query } });
/** A pong that nobody asked for, as clients send it. */
const unasked = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** A frame as clients send it; the mask is all zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const said = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([0x81, ...said, 0, 0, 0, 0]), payload]);
}

/** Subscribes to everything, and reads nothing of it. */
async function silentClient(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: c2lsZW50IGNsaWVudCAwMQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  let text = '';
  const hear = (chunk: Buffer) => void (text += chunk.toString('latin1'));
  socket.on('data', hear);
  const heard = async (what: string) => {
    while (!text.includes(what)) await once(socket, 'data', { signal: AbortSignal.timeout(10_000) });
  };
  await heard('\r\n\r\n');
  socket.write(frame('{"type":"connection_init"}'));
  await heard('connection_ack');
  socket.pause();
  socket.write(frame(subscribe));
  return socket;
}

/** Asks for the same, and reads it: what is made for both is no cost of the silent one. */
async function readingClient(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  socket.on('error', () => undefined);
  await once(socket, 'open', { signal: AbortSignal.timeout(10_000) });
  socket.send('{"type":"connection_init"}');
  socket.once('message', () => socket.send(subscribe));
  return socket;
}

/** The other client: how far it is, and how long each event took to it, milliseconds. */
function otherClient(url: string) {
  const state = { seq: 0, delays: [] as number[], gaps: 0 };
  const { unsubscribe } = createClient({ url: `${url}/trpc` }).changes.watch.subscribe(undefined, {
    onData({ id, data }) {
      state.seq = Number(id.split('.')[0]);
      if ('reason' in data) state.gaps += 1;
      else state.delays.push(Date.now() - Date.parse(data.at));
    },
  });
  return Object.assign(state, { leave: unsubscribe });
}

type Other = ReturnType<typeof otherClient>;

/** One silent client after the other: another comes when the gateway has cut one off. */
async function silentClients(port: number, other: Other) {
  const faults: string[] = [];
  const stays: number[] = [];
  let [came, socket] = [performance.now(), await silentClient(port)];
  let [missed, seen, stopped] = [0, other.seq, Infinity];
  const watched = (async () => {
    for (; performance.now() < stopped + closedWithin; await sleep(250)) {
      const before = seen;
      seen = other.seq;
      if (!socket.closed) {
        // Who reads nothing sees no end either, unless it says something: this is no sign of life, for it answers nothing.
        socket.write(unasked);
        continue;
      }
      const stay = performance.now() - came;
      stays.push(stay);
      if (stay < closedAfter) faults.push(`It was cut off after ${Math.round(stay / 1000)} s already.`);
      if (stopped < Infinity) return;
      [came, socket] = [performance.now(), await silentClient(port)];
      missed += other.seq - before;
    }
    faults.push(`It was not cut off within ${closedWithin / 1000} s.`);
    socket.destroy();
  })();
  return {
    /** How long those were there that were cut off, milliseconds. */
    stays,
    /** Events that passed while none may have been there. */
    missed: () => missed,
    /** No other comes; what is wrong, once the last has been cut off. */
    async end(): Promise<readonly string[]> {
      stopped = performance.now();
      await watched;
      return faults;
    },
  };
}

interface Round {
  /** Milliseconds to the other client, at the 99th percentile. */
  readonly p99: number;
  readonly rss: number;
  /** After a full collection, on and off the heap. */
  readonly held: number;
}

/** Lets a third of the events happen. */
async function round({ oCloud, head, gateways }: Stage, other: Other): Promise<Round> {
  const [gateway] = gateways.all;
  const count = events / 3;
  const from = Number((await head()).split('.')[0]);
  other.delays = [];
  const [began, giveUp] = [performance.now(), Date.now() + 90_000];
  for (let ticked = 0, seq = from; seq < from + count; seq = Math.max(seq, other.seq)) {
    if (Date.now() > giveUp) throw new Error(`Only ${seq - from} of ${count} events came in time.`);
    const due = Math.min(((performance.now() - began) * perSecond) / 1000, seq - from + ahead);
    if (due > ticked) oCloud.tick(Math.ceil(due - ticked));
    ticked = Math.max(ticked, Math.ceil(due));
    await sleep(10);
  }
  const delays = other.delays.toSorted((a, b) => a - b);
  const { rss, heap, external } = await gateway!.holdings();
  return { p99: delays[Math.floor(0.99 * (delays.length - 1))]!, rss, held: heap + external };
}

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Rounds with and without it; what is wrong. */
async function play(stage: Stage, nobody: boolean): Promise<readonly string[]> {
  const { url } = stage.gateways.all[0]!;
  const port = Number(new URL(url).port);
  const other = otherClient(url);
  const reading = await readingClient(port);
  await round(stage, other);
  const before = [await round(stage, other), await round(stage, other)];
  const clients = nobody ? undefined : await silentClients(port, other);
  const silent = [await round(stage, other), await round(stage, other), await round(stage, other)];
  const faults = [...((await clients?.end()) ?? [])];
  const without = [...before, await round(stage, other)];
  other.leave();
  reading.terminate();
  const growth = middle(silent.map(({ held }) => held)) - middle(without.map(({ held }) => held));
  const slowing = middle(silent.map(({ p99 }) => p99)) / Math.max(1, middle(without.map(({ p99 }) => p99)));
  const list = (rounds: readonly Round[], of: (round: Round) => string) => rounds.map(of).join(', ');
  const fate = nobody
    ? 'nobody was silent'
    : `one was there through ${events - clients!.missed()}, each cut off after ${clients!.stays.map((stay) => `${Math.round(stay / 1000)} s`).join(', ')}`;
  console.log(`  ${events} events: ${fate}`);
  console.log(
    `  held with it ${list(silent, ({ held }) => mib(held))}; without ${list(without, ({ held }) => mib(held))}`,
  );
  console.log(
    `  resident with it ${list(silent, ({ rss }) => mib(rss))}; without ${list(without, ({ rss }) => mib(rss))}`,
  );
  console.log(`  p99 of the other client ${list(silent, ({ p99 }) => `${p99} ms`)}; without ${list(without, ({ p99 }) => `${p99} ms`)}: ${slowing.toFixed(2)} x`); // prettier-ignore
  if (clients && clients.missed() > mostMissed) faults.push(`None was there through ${clients.missed()} events.`);
  if (growth > mostGrowth) faults.push(`More than ${mib(mostGrowth)} are held for it.`);
  if (slowing > mostSlowing) faults.push(`The other client was told more than ${mostSlowing} x as late.`);
  if (other.gaps > 0) faults.push(`The other client was told of ${other.gaps} gaps.`);
  return faults;
}

/** Lines of its log that tell of a fault. */
function faultsLogged(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, 'gateway-1.log'), 'utf8').split('\n');
  return lines.filter((line) => /"level":"?(50|60|error|fatal)|Uncaught|Unhandled/.test(line));
}

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-silent-'));
  setTimeout(() => {
    console.error(`FAILED: it did not end in ${limit / 1000} s; see ${folder}.`);
    process.exit(1); // children die with this process
  }, limit).unref();
  const stage = await setStage({ folder, seed: 1, gateways: 1, changesPerSecond: 0 });
  const found = await play(stage, process.argv.includes('--nobody')).catch((error: Error) => [error.message]);
  const faults = [...found, ...faultsLogged(folder), ...stage.gateways.endings];
  await stage.close();
  for (const fault of faults) console.log(`  FAILED: ${fault}`);
  if (faults.length === 0) rmSync(folder, { recursive: true });
  else console.log(`  Logs: ${folder}`);
  return faults.length === 0;
}

process.exit((await main()) ? 0 : 1);
