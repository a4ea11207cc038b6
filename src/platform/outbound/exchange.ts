import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { codeIn, OutboundFault, wireFault } from './fault.js';
import { dial, type Dialled } from './dial.js';
import type { Connection, Pool } from './pool.js';

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  /** Bytes of the answer's body that are kept. */
  readonly keep: number;
}

/** What came back, whatever its status. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first `keep` bytes as they came: nothing is decompressed. */
  readonly body: Buffer;
  /** Bytes of the body that were read. */
  readonly read: number;
  /** The body was longer than 64 KiB: the rest was not read and the connection ended. */
  readonly cut: boolean;
}

const longestBody = 65_536;
const mostInterim = 8;

/**
 * One request and its answer, redirects and all else taken as they come. Throws OutboundFault.
 * @internal for tests
 */
export async function exchange(pool: Pool, dialled: Dialled, asked: Asked): Promise<Received> {
  const name = poolName(dialled);
  // A kept connection would be asked although nobody waits any more.
  dialled.signal.throwIfAborted();
  const kept = pool.take(name);
  if (kept) {
    const answer = await send(pool, kept, dialled, asked);
    if ('status' in answer) return answer;
    if (dialled.signal.aborted || !isStale(answer)) throw faultOf(dialled, answer.failure);
    // The receiver closed a kept connection just as it was taken; a fresh one tells whether it is there.
    pool.dismiss(name, answer.failure);
  }
  const answer = await send(pool, pool.begin(name, await dial(dialled)), dialled, asked);
  if ('status' in answer) return answer;
  throw faultOf(dialled, answer.failure);
}

/** `answered`: something of an answer had come. */
interface Failed {
  readonly failure: Error;
  readonly answered: boolean;
}

function isStale({ failure, answered }: Failed): boolean {
  return !answered && /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(codeIn(failure));
}

function faultOf({ signal, target, address }: Dialled, failure: Error): OutboundFault {
  return signal.aborted ? (signal.reason as OutboundFault) : wireFault(target.host, address, failure);
}

// undici's dispatch and not its `request`, whose streams cost as much again: 34 µs a post against 46, and 94 of node:http.
function send(pool: Pool, connection: Connection, dialled: Dialled, asked: Asked): Promise<Received | Failed> {
  const { target, address, signal } = dialled;
  const { method, headers, body = null, keep } = asked;
  return new Promise((resolve) => {
    const abort = () => connection.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const end = (came: Received | Failed) => {
      signal.removeEventListener('abort', abort);
      resolve(came);
    };
    const answer = new Answer(keep, {
      whole: (received) => {
        pool.leave(connection);
        end(received);
      },
      cut: (received) => {
        end(received);
        connection.destroy(new Error('The rest is not read.'));
      },
      interim: () =>
        connection.destroy(new OutboundFault('protocol', `'${target.host}' sends interim answers only.`, { address })),
      failed: (failed) => {
        end(failed);
        connection.destroy(failed.failure);
      },
    });
    const path = target.url.pathname + target.url.search;
    connection.send({ method, path, headers: { ...headers, host: target.url.host }, body }, answer);
  });
}

interface Outcomes {
  whole(received: Received): void;
  cut(received: Received): void;
  /** There were too many interim answers. */
  interim(): void;
  failed(failed: Failed): void;
}

/** Takes an answer as it comes, no more of it than is wanted. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #keep: number;
  readonly #outcomes: Outcomes;
  readonly #kept: Buffer[] = [];
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #interim = 0;
  #read = 0;

  constructor(keep: number, outcomes: Outcomes) {
    this.#keep = keep;
    this.#outcomes = outcomes;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
    if (status < 200 && ++this.#interim > mostInterim) this.#outcomes.interim();
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    // A copy: a slice would hold the whole chunk.
    if (this.#read < this.#keep) this.#kept.push(Buffer.from(chunk.subarray(0, this.#keep - this.#read)));
    this.#read += chunk.length;
    if (this.#read > longestBody) this.#outcomes.cut(this.#received(true));
  }

  onResponseEnd(): void {
    this.#outcomes.whole(this.#received(false));
  }

  onResponseError(_controller: unknown, failure: Error): void {
    this.#outcomes.failed({ failure, answered: this.#status > 0 });
  }

  #received(cut: boolean): Received {
    return {
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#kept),
      read: this.#read,
      cut,
    };
  }
}

function poolName({ target, address, identity }: Dialled): string {
  return `${target.url.origin} ${target.port} ${address} ${identity.name}`;
}
