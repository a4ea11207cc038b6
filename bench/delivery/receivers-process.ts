import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bench tells its receivers. */
export type Command = {
  /** Milliseconds to an answer. */
  readonly delay?: number;
  /** How many of them, the first ones, are struck by what follows; latencies are those of the others, of all while all are. */
  readonly group?: number;
  /** Answers 503. */
  readonly down?: boolean;
  /** Accepts and never answers; whoever still waits at the end is answered 503. */
  readonly silent?: boolean;
  readonly forget?: true;
  readonly tell?: true;
};

export interface Told {
  /** For each receiver how many it took. */
  readonly taken: readonly number[];
  /** Milliseconds between `sent` in a body and its arrival, of the last 100,000. */
  readonly latencies: readonly number[];
  /** Most requests that one receiver had open at once. */
  readonly widest: number;
  /** Most that the group had open at once. */
  readonly together: number;
}

/** Receivers in a process of their own, so that what they cost is not the deliverer's. */
const count = Number(process.argv[2]);
let [delay, down, silent, group] = [0, false, false, count];
let taken = new Array<number>(count).fill(0);
let latencies: number[] = [];
const open = new Array<number>(count).fill(0);
const unanswered = new Set<() => void>();
let [widest, together, openTogether] = [0, 0, 0];

function opened(index: number, by: 1 | -1): void {
  open[index]! += by;
  widest = Math.max(widest, open[index]!);
  if (index >= group) return;
  openTogether += by;
  together = Math.max(together, openTogether);
}

function took(index: number, text: string, response: ServerResponse): void {
  const sent = /"sent":([\d.]+)/.exec(text)?.[1];
  const counts = group === count || index >= group;
  if (counts && sent !== undefined && latencies.length < 100_000)
    latencies.push(performance.timeOrigin + performance.now() - Number(sent));
  taken[index]! += 1;
  const end = () => response.writeHead(204).end();
  if (delay > 0) setTimeout(end, delay);
  else end();
}

function answer(index: number, text: string, response: ServerResponse): void {
  if (index >= group || !(down || silent)) took(index, text, response);
  else if (down) response.writeHead(503).end();
  else unanswered.add(() => response.writeHead(503).end());
}

const ports = await Promise.all(
  Array.from({ length: count }, (_, index) => {
    const server = createServer((request, response) => {
      opened(index, 1);
      response.once('close', () => opened(index, -1));
      let text = '';
      request.setEncoding('latin1');
      request.on('data', (part: string) => (text += part));
      request.on('end', () => answer(index, text, response));
    });
    server.keepAliveTimeout = 60_000;
    return new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  }),
);

function follow(command: Command): void {
  ({ delay = delay, down = down, silent = silent, group = group } = command);
  if (!silent) {
    for (const end of unanswered) end();
    unanswered.clear();
  }
  if (command.forget) {
    taken = new Array<number>(count).fill(0);
    latencies = [];
    widest = 0;
    together = openTogether;
  }
}

// Whoever runs the bench may be ended at any time.
process.on('disconnect', () => process.exit());
process.on('message', (command: Command) => {
  follow(command);
  const told: Told = { taken, latencies: command.tell ? latencies : [], widest, together };
  process.send!(told);
});
process.send!(ports);
