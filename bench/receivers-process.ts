import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bench tells its receivers, and what they answer. */
export type Command = {
  readonly delay?: number;
  readonly down?: boolean;
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
}

/** Receivers in a process of their own, so that what they cost is not the deliverer's. */
const count = Number(process.argv[2]);
let [delay, down] = [0, false];
let taken = new Array<number>(count).fill(0);
let latencies: number[] = [];
const open = new Array<number>(count).fill(0);
let widest = 0;

function took(index: number, text: string, response: ServerResponse): void {
  const sent = /"sent":([\d.]+)/.exec(text)?.[1];
  if (sent !== undefined && latencies.length < 100_000)
    latencies.push(performance.timeOrigin + performance.now() - Number(sent));
  taken[index]! += 1;
  const end = () => {
    open[index]! -= 1;
    response.writeHead(204).end();
  };
  if (delay > 0) setTimeout(end, delay);
  else end();
}

const ports = await Promise.all(
  Array.from({ length: count }, (_, index) => {
    const server = createServer((request, response) => {
      open[index]! += 1;
      widest = Math.max(widest, open[index]!);
      if (down) {
        open[index]! -= 1;
        request.resume();
        response.writeHead(503).end();
        return;
      }
      let text = '';
      request.setEncoding('latin1');
      request.on('data', (part: string) => (text += part));
      request.on('end', () => took(index, text, response));
    });
    server.keepAliveTimeout = 60_000;
    return new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  }),
);

process.on('message', (command: Command) => {
  if (command.delay !== undefined) delay = command.delay;
  if (command.down !== undefined) down = command.down;
  if (command.forget) {
    taken = new Array<number>(count).fill(0);
    latencies = [];
    widest = 0;
  }
  const told: Told = { taken, latencies: command.tell ? latencies : [], widest };
  process.send!(told);
});
process.send!(ports);
