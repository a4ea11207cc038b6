import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Cluster } from './cluster.js';

/** Stands between a client and the API server and speaks HTTP to both, so that it can answer in its name. */
export interface HttpFaults {
  readonly url: string;
  /** The next `times` requests of that sort are answered with this status. */
  fail(what: 'list' | 'watch', status: number, times: number, headers?: Record<string, string>): void;
  /** Ends every open watch well, but in the middle of its next line; resolves when one was cut. */
  cutNextLine(): Promise<void>;
  /** Ends every open watch with what it has sent. */
  endWatches(): void;
  /** Requests of that sort so far. */
  count(what: 'list' | 'watch'): number;
  close(): Promise<void>;
}

interface Failure {
  readonly what: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  times: number;
}

class Faults implements HttpFaults {
  url = '';
  readonly server = createServer((asked, answer) => this.#forward(asked, answer));
  readonly #agent: Agent;
  readonly #target: string;
  readonly #failures: Failure[] = [];
  readonly #counts = { list: 0, watch: 0 };
  readonly #watches = new Set<{ readonly answer: ServerResponse; readonly from: IncomingMessage }>();
  #cut: (() => void) | undefined;

  constructor(cluster: Cluster) {
    this.#target = cluster.url;
    this.#agent = new Agent({ keepAlive: true, ca: cluster.ca });
  }

  fail(what: 'list' | 'watch', status: number, times: number, headers: Record<string, string> = {}): void {
    this.#failures.push({ what, status, times, headers });
  }

  cutNextLine(): Promise<void> {
    return new Promise((resolve) => {
      this.#cut = resolve;
    });
  }

  endWatches(): void {
    for (const { answer, from } of this.#watches) {
      from.destroy();
      answer.end();
    }
  }

  count(what: 'list' | 'watch'): number {
    return this.#counts[what];
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const what = asked.url!.includes('watch=true') ? 'watch' : 'list';
    this.#counts[what] += 1;
    const failure = this.#failures.find((each) => each.what === what && each.times > 0);
    if (failure) {
      failure.times -= 1;
      answer.writeHead(failure.status, failure.headers);
      answer.end(JSON.stringify({ kind: 'Status', code: failure.status, message: 'made by the proxy' }));
      return;
    }
    const { method, headers } = asked;
    const passed = request(`${this.#target}${asked.url}`, { method: method!, headers, agent: this.#agent }, (from) => {
      answer.writeHead(from.statusCode!, from.headers);
      answer.flushHeaders();
      if (what === 'watch') this.#passWatch(from, answer);
      else from.pipe(answer);
    });
    passed.once('error', () => answer.destroy());
    answer.once('close', () => passed.destroy());
    asked.pipe(passed);
  }

  #passWatch(from: IncomingMessage, answer: ServerResponse): void {
    const watch = { answer, from };
    this.#watches.add(watch);
    answer.once('close', () => this.#watches.delete(watch));
    from.on('data', (chunk: Buffer) => {
      if (!this.#cut) return void answer.write(chunk);
      const cut = this.#cut;
      this.#cut = undefined;
      from.destroy();
      answer.end(chunk.subarray(0, chunk.length >> 1), cut);
    });
    from.once('end', () => answer.end());
    from.once('error', () => answer.destroy());
  }
}

export async function startHttpFaults(cluster: Cluster): Promise<HttpFaults> {
  const faults = new Faults(cluster);
  await new Promise<void>((resolve) => faults.server.listen(0, '127.0.0.1', resolve));
  faults.url = `http://127.0.0.1:${(faults.server.address() as AddressInfo).port}`;
  return faults;
}
