import { Agent, request } from 'node:http';

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Asks a server for the paths in turn at a steady pace, whether answers come or not, so that a server that stands still is felt
 * by all who would have come meanwhile. Returns milliseconds to the last byte of each answer. Throws for an answer but 200.
 */
export async function paced(url: string, paths: readonly string[], { perSecond, seconds }: Pace): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const { hostname, port } = new URL(url);
  const ask = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const sent = request({ agent, hostname, port, path }, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - began);
          else reject(new Error(`${path} was answered ${response.statusCode}.`));
        });
      });
      sent.once('error', reject).end();
    });
  const total = perSecond * seconds;
  const answers: Promise<number>[] = [];
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * perSecond));
      while (answers.length < due) answers.push(ask(paths[answers.length % paths.length]!));
      if (due < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  try {
    return await Promise.all(answers);
  } finally {
    agent.destroy();
  }
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
