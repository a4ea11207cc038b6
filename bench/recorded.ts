import { Agent, request } from 'node:http';
import type { Ask } from './wrk.js';

/** An answer as it came over the wire, without what node:http adds by itself. */
export interface Recorded {
  readonly path: string;
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const added = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding']);
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Makes the request once. */
export function answerTo(url: string, { path, method = 'GET', headers = {}, body }: Ask): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const asked = request(new URL(path, url), { agent, method, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const kept = raw.filter((_, index) => !added.has(raw[index - (index % 2)]!.toLowerCase()));
        resolve({ path, status: response.statusCode!, headers: kept, body: Buffer.concat(chunks) });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** At most so many, evenly spread. */
export function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)]!);
}

/** The answers to some of the requests. Throws when one is not what a measurement may be made of. */
export async function record(url: string, asks: readonly Ask[]): Promise<readonly Recorded[]> {
  const answers: Recorded[] = [];
  for (const ask of asks) {
    const answer = await answerTo(url, ask);
    if (answer.status !== 200 && answer.status !== 304) {
      throw new Error(`${ask.path} was answered ${answer.status}: ${answer.body.toString()}`);
    }
    answers.push(answer);
  }
  return answers;
}
