import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Requests at an even pace, by clients that keep their connections. */
export interface Asking {
  readonly asked: number;
  /** Asked again because a connection that had been used before was closed before a byte of the answer came. */
  readonly repeated: number;
  /** What was not answered with 200 to the last byte. */
  readonly failed: readonly string[];
  /** Of those answered, in milliseconds. */
  readonly times: readonly number[];
  /** Asks no more; resolves when everything is answered. */
  stop(): Promise<void>;
}

/** As long as an operation may run: a machine that is busy answers late. */
const patience = 30_000;
const tick = 10;

export interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** On a connection of its own. */
  readonly alone?: true;
}

/** Asks `these` in turn, `perSecond` in all. A POST is never asked again. */
export function ask(url: string, these: readonly Ask[], perSecond: number): Asking {
  const agent = new Agent({ keepAlive: true, maxSockets: 24, scheduling: 'fifo' });
  const failed: string[] = [];
  const times: number[] = [];
  const underWay = new Set<Promise<void>>();
  let asked = 0;
  let repeated = 0;

  async function one(each: Ask): Promise<void> {
    const began = performance.now();
    try {
      await attempt(url, agent, each).catch((fault: unknown) => {
        if (!(fault instanceof StaleConnection) || each.method !== 'GET') throw fault;
        repeated += 1;
        return attempt(url, agent, each);
      });
      times.push(performance.now() - began);
    } catch (fault) {
      failed.push(`${new Date().toISOString()} ${each.method} ${each.path}: ${(fault as Error).message}`);
    }
  }

  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) * perSecond) / 1000;
    for (; asked < due; asked += 1) {
      const done = one(these[asked % these.length]!).finally(() => underWay.delete(done));
      underWay.add(done);
    }
  }, tick);
  return {
    get asked() {
      return asked;
    },
    get repeated() {
      return repeated;
    },
    failed,
    times,
    async stop() {
      clearInterval(timer);
      await Promise.race([Promise.all(underWay), sleep(2 * patience, undefined, { ref: false })]);
      if (underWay.size > 0) failed.push(`${underWay.size} were never answered`);
      agent.destroy();
    },
  };
}

/** The one fault after which every client of HTTP asks again (RFC 9110 9.2.2). */
class StaleConnection extends Error {}

function attempt(url: string, agent: Agent, { method, path, body, alone }: Ask): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const connection = alone ? false : agent;
    const sent = request(`${url}${path}`, { agent: connection, method, headers, timeout: patience });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${patience / 1000} s`)));
    let before = 0;
    sent.once('socket', (socket) => (before = socket.bytesRead));
    sent.once('error', (error) => {
      const bytes = (sent.socket?.bytesRead ?? 0) - before;
      const detail = `${error.message} (${sent.reusedSocket ? 'used before' : 'new'} connection, ${bytes} bytes read)`;
      reject(sent.reusedSocket && bytes === 0 ? new StaleConnection(detail) : new Error(detail));
    });
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}: ${text.slice(0, 300)}`));
      });
    });
    sent.end(body);
  });
}
