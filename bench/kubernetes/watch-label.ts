import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Cluster } from '#test/peers/cluster.js';
import { tokens } from '#test/peers/servers.js';

/** A bare watch of the Nodes that looks for one label only. */
export interface LabelWatch {
  /** When a value came, in the time of `performance`; undefined if it has not come within `patience`, milliseconds. */
  told(value: string, patience: number): Promise<number | undefined>;
  stop(): void;
}

export async function watchLabel(cluster: Cluster, label: string): Promise<LabelWatch> {
  const { metadata } = await cluster.request<{ metadata: { resourceVersion: string } }>('GET', '/api/v1/nodes?limit=1');
  const told = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const stopped = new AbortController();
  const found = new RegExp(
    `"resourceVersion":"(\\d+)".*"${label}":"([^"]+)"|"${label}":"([^"]+)".*"resourceVersion":"(\\d+)"`,
  );
  let place = metadata.resourceVersion;

  const note = (line: string): void => {
    const match = found.exec(line);
    if (!match) return;
    place = (match[1] ?? match[4])!;
    const value = (match[2] ?? match[3])!;
    told.set(value, performance.now());
    waiting.get(value)?.();
  };
  // The API server ends a watch that it takes for too slow; another one goes on from there.
  const follow = async (): Promise<void> => {
    while (!stopped.signal.aborted) await linesOf(cluster, place, stopped.signal, note).catch(() => undefined);
  };
  void follow();
  return {
    async told(value, patience) {
      if (!told.has(value)) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, patience);
          waiting.set(value, () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      return told.get(value);
    },
    stop: () => stopped.abort(),
  };
}

/** Tells the lines of one watch until it ends. */
async function linesOf(
  { url, ca }: Cluster,
  from: string,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const headers = { authorization: `Bearer ${tokens.admin}` };
  const path = `/api/v1/nodes?watch=true&resourceVersion=${from}`;
  const sent = request(new URL(path, url), { headers, ca, agent: false, signal }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) tell(line);
  }
}
