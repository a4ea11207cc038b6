import { Agent, request } from 'node:http';

export interface Pace {
  /** Over all servers. */
  readonly perSecond: number;
  /** Or until it is told to stop. */
  readonly seconds: number | AbortSignal;
}

/** A server, and the paths that are asked of it in turn. */
export interface Asked {
  readonly url: string;
  readonly paths: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What is answered; 200 when absent. */
  readonly status?: number;
}

/**
 * Asks servers one after the other at a steady pace, whether answers come or not: a server that stands still is felt by all who
 * would have come meanwhile, and what else the machine does hits all alike. Returns milliseconds to the last byte of each
 * answer, by server. Throws for an answer of another status.
 */
export async function paced(servers: readonly Asked[], { perSecond, seconds }: Pace): Promise<readonly number[][]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const answers = servers.map((): Promise<number>[] => []);
  const over = typeof seconds === 'number' ? () => false : () => seconds.aborted;
  const most = typeof seconds === 'number' ? perSecond * seconds : Infinity;
  const start = performance.now();
  let asked = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(most, Math.floor(((performance.now() - start) / 1000) * perSecond));
      for (; asked < due; asked += 1) {
        const at = asked % servers.length;
        const server = servers[at]!;
        const times = answers[at]!;
        times.push(timed(agent, server, server.paths[times.length % server.paths.length]!));
      }
      if (due < most && !over()) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  try {
    return await Promise.all(answers.map((times) => Promise.all(times)));
  } finally {
    agent.destroy();
  }
}

function timed(agent: Agent, { url, headers = {}, status = 200 }: Asked, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request(url + path, { agent, headers }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === status) resolve(performance.now() - began);
        else reject(new Error(`${url}${path} was answered ${response.statusCode}.`));
      });
    });
    sent.once('error', reject).end();
  });
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
