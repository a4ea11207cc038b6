import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { OutboundFault, wireFault, codeIn } from './fault.js';
import { dial, type Dialled } from './dial.js';
import type { Pool, Pooled } from './pool.js';

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: OutgoingHttpHeaders;
  /** Text goes out in one piece with the headers. */
  readonly body: string | Buffer | undefined;
  /** Bytes of the answer's body that are kept. */
  readonly keep: number;
}

/** What came back, whatever its status. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The first `keep` bytes as they came: nothing is decompressed. */
  readonly body: Buffer;
  /** Bytes of the body that were read. */
  readonly read: number;
  /** The body was longer than 64 KiB: the rest was not read and the connection ended. */
  readonly cut: boolean;
}

const longestHeaders = 16_384;
const longestBody = 65_536;
const mostInterim = 8;

/**
 * One request and its answer, redirects and all else taken as they come. Throws OutboundFault.
 * @internal for tests
 */
export async function exchange(pool: Pool, dialled: Dialled, asked: Asked): Promise<Received> {
  const first = await send(pool, dialled, asked);
  if (!(first instanceof Stale)) return first;
  // The receiver closed a kept connection just as it was taken; a fresh one tells whether it is there.
  pool.forget(poolName(dialled));
  const second = await send(pool, dialled, asked);
  if (second instanceof Stale) throw second.fault;
  return second;
}

/** A reused connection ended before a byte of the answer. */
class Stale {
  readonly fault: OutboundFault;

  constructor(fault: OutboundFault) {
    this.fault = fault;
  }
}

// node:http instead of undici: an agent takes a connection that we made and judged ourselves, its parser is the same, and
// undici's connector cannot be given the address of this attempt, only that of the pool.
function send(pool: Pool, dialled: Dialled, { method, headers, body, keep }: Asked): Promise<Received | Stale> {
  const { target, address, signal } = dialled;
  const options: Pooled = {
    agent: pool,
    protocol: 'http:',
    host: address,
    port: target.port,
    method,
    path: target.url.pathname + target.url.search,
    setHost: false,
    headers: { ...headers, host: target.url.host },
    maxHeaderSize: longestHeaders,
    insecureHTTPParser: false,
    pool: poolName(dialled),
    dial: () => dial(dialled),
  };
  return new Promise((resolve, reject) => {
    // A kept connection would be asked although nobody waits any more.
    signal.throwIfAborted();
    const sent = httpRequest(options);
    const abort = () => sent.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const fault = (cause: unknown) =>
      signal.aborted ? (signal.reason as OutboundFault) : wireFault(target.host, address, cause);
    const fail = (cause: unknown) => {
      const stale = sent.reusedSocket && !signal.aborted && /^(ECONNRESET|EPIPE)$/.test(codeIn(cause));
      if (stale) resolve(new Stale(fault(cause)));
      else reject(fault(cause));
    };
    let interim = 0;
    let answered = false;
    let broken: Error | undefined;
    sent.on(
      'information',
      () => ++interim > mostInterim && sent.destroy(protocol(dialled, 'sends interim answers only')),
    );
    sent.once('response', (response) => {
      answered = true;
      read(response, keep).then(resolve, (cause: unknown) => reject(fault(broken ?? cause)));
    });
    // Once the answer is being read only that can tell when it ends; why, the parser tells here.
    sent.on('error', (cause) => (answered ? (broken ??= cause) : fail(cause)));
    sent.once('close', () => {
      signal.removeEventListener('abort', abort);
      if (!answered) fail(protocol(dialled, 'answered with a change of protocol'));
    });
    sent.end(body);
  });
}

function read(response: IncomingMessage, keep: number): Promise<Received> {
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    let length = 0;
    const received = (cut: boolean): Received => ({
      status: response.statusCode!,
      headers: response.headers,
      body: Buffer.concat(kept),
      read: length,
      cut,
    });
    response.on('data', (chunk: Buffer) => {
      // A copy: a slice would hold the whole chunk.
      if (length < keep) kept.push(Buffer.from(chunk.subarray(0, keep - length)));
      length += chunk.length;
      if (length <= longestBody) return;
      resolve(received(true));
      response.destroy();
    });
    response.once('end', () => resolve(received(false)));
    response.once('error', reject);
    response.once('close', () => reject(response.errored ?? { code: 'ECONNRESET' }));
  });
}

function poolName({ target, address, identity }: Dialled): string {
  return `${target.url.origin} ${target.port} ${address} ${identity.name}`;
}

function protocol({ target, address }: Dialled, what: string): OutboundFault {
  return new OutboundFault('protocol', `'${target.host}' ${what}.`, { address });
}
