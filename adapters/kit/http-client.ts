import {
  Agent as PlainAgent,
  request as plainRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as SecureAgent, request as secureRequest, type AgentOptions } from 'node:https';
import { Fault, type Code } from '#schema/errors.js';
import { afterSilence } from './silence.js';

export interface HttpClientOptions {
  /** The backend's name in messages: `simulator 'demo'`. */
  readonly backend: string;
  /** Base URL; its path, if any, stands in front of every path. */
  readonly url: string;
  /** Sent with every request: credentials, `accept`. */
  readonly headers?: OutgoingHttpHeaders;
  readonly tls?: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  /** Rows that differ from `codeOf`'s table. */
  readonly statuses?: Readonly<Record<number, Code>>;
  /** Finds the backend's own sentence in the body of a 4xx answer; it is shown to the caller. */
  readonly explain?: (body: unknown) => string | undefined;
  /** Bytes that a JSON answer, or one line of NDJSON, may have. */
  readonly limit?: number;
  /** Milliseconds without a byte while one is awaited, after which the answer is given up. */
  readonly idleTimeout?: number;
  readonly maxSockets?: number;
}

export interface HttpCall {
  readonly signal: AbortSignal;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

/**
 * JSON and NDJSON over HTTP, without retries or deadlines of its own. Everything it throws is a `Fault`; an answer of 300 and
 * above is an `HttpFault`. Redirects are not followed.
 */
export interface HttpClient {
  call(method: string, path: string, call: HttpCall): Promise<HttpAnswer>;
  /**
   * Resolves once the backend said 2xx. Yields the lines that arrived together, parsed; reads on only when asked for more.
   * An answer that breaks off throws, so an iteration that ends was complete.
   */
  lines(path: string, call: HttpCall): Promise<AsyncIterable<readonly unknown[]>>;
  close(): void;
}

/** The backend answered with a status that is no success. */
export class HttpFault extends Fault {
  readonly status: number;

  constructor(code: Code, status: number, message: string, retryAfter?: number) {
    super(code, message, retryAfter === undefined ? {} : { retryAfter });
    this.name = 'HttpFault';
    this.status = status;
  }
}

const codes: Readonly<Record<number, Code>> = {
  404: 'NOT_FOUND',
  408: 'BACKEND_TIMEOUT',
  409: 'CONFLICT',
  410: 'GONE',
  412: 'PRECONDITION_FAILED',
  413: 'TOO_LARGE',
  422: 'UNPROCESSABLE',
  429: 'BACKEND_UNAVAILABLE',
};

/** What a backend's status means to our caller. 401 and 403 are about our credentials, not about the caller's: BACKEND_FAILED. */
function codeOf(status: number): Code {
  return codes[status] ?? 'BACKEND_FAILED';
}

/** Options with nothing left open, and the ways out. */
interface Wire extends Pick<HttpClientOptions, 'backend' | 'headers' | 'statuses' | 'explain'> {
  readonly prefix: string;
  readonly limit: number;
  readonly idleTimeout: number;
  readonly agent: PlainAgent;
  readonly request: typeof plainRequest;
}

function wireOf(options: HttpClientOptions): Wire {
  const base = new URL(options.url);
  const secure = base.protocol === 'https:';
  const { limit = 16 * 1024 * 1024, idleTimeout = 30_000, maxSockets = 32, tls } = options;
  return {
    ...options,
    prefix: base.origin + base.pathname.replace(/\/$/, ''),
    limit,
    idleTimeout,
    agent: secure
      ? new SecureAgent({ keepAlive: true, maxSockets, ...tls })
      : new PlainAgent({ keepAlive: true, maxSockets }),
    request: secure ? secureRequest : plainRequest,
  };
}

export function httpClient(options: HttpClientOptions): HttpClient {
  const wire = wireOf(options);
  return {
    call: async (method, path, call) => {
      try {
        const response = await open(wire, method, path, call);
        const body = await text(wire, path, response);
        const { statusCode, headers } = response;
        return { status: statusCode!, headers, body: body === '' ? undefined : parse(wire, path, body) };
      } catch (cause) {
        throw faultOf(wire, path, call.signal, cause);
      }
    },
    lines: async (path, call) => {
      try {
        return splitLines(wire, path, call.signal, await open(wire, 'GET', path, call));
      } catch (cause) {
        throw faultOf(wire, path, call.signal, cause);
      }
    },
    close: () => wire.agent.destroy(),
  };
}

async function open(wire: Wire, method: string, path: string, call: HttpCall): Promise<IncomingMessage> {
  const response = await send(wire, method, path, call);
  if (response.statusCode! < 300) return response;
  throw refusal(wire, method, path, response, await text(wire, path, response));
}

function send(wire: Wire, method: string, path: string, call: HttpCall): Promise<IncomingMessage> {
  const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const headers: OutgoingHttpHeaders = { accept: 'application/json', ...wire.headers, ...call.headers };
  if (payload) {
    headers['content-type'] ??= 'application/json';
    headers['content-length'] = payload.length;
  }
  return new Promise((resolve, reject) => {
    const sent = wire.request(wire.prefix + path, { method, agent: wire.agent, headers, signal: call.signal });
    const silence = afterSilence(wire.idleTimeout, () => sent.destroy(silent(wire, path)));
    let answered = false;
    sent.once('response', (response) => {
      answered = true;
      silence.stop();
      resolve(response);
    });
    sent.on('error', (cause) => {
      silence.stop();
      // Whoever reads the answer is told; asked again, the backend would begin one that nobody reads.
      if (answered) return;
      // The backend closed a kept-alive connection just as it was taken for this request: nothing was asked yet.
      const stale = sent.reusedSocket && codeIn(cause) === 'ECONNRESET' && method === 'GET' && !call.signal.aborted;
      if (stale) send(wire, method, path, call).then(resolve, reject);
      else reject(cause);
    });
    sent.end(payload);
  });
}

async function* splitLines(
  wire: Wire,
  path: string,
  signal: AbortSignal,
  response: IncomingMessage,
): AsyncGenerator<unknown[]> {
  const splitter = new LineSplitter(wire.limit);
  try {
    for await (const chunk of chunks(wire, path, response)) {
      const lines = splitter.push(chunk).map((line) => parse(wire, path, line));
      if (splitter.tooLong) throw tooLarge(wire, path);
      if (lines.length > 0) yield lines;
    }
    const last = splitter.rest();
    if (last !== '') yield [parse(wire, path, last)];
  } catch (cause) {
    throw faultOf(wire, path, signal, cause);
  }
}

async function text(wire: Wire, path: string, response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks(wire, path, response)) {
    length += chunk.length;
    if (length > wire.limit) throw tooLarge(wire, path);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

/** The bytes of an answer. The idle clock runs only while we wait for the backend, never while our consumer is busy. */
async function* chunks(wire: Wire, path: string, response: IncomingMessage): AsyncGenerator<Buffer> {
  let waiting = true;
  const silence = afterSilence(wire.idleTimeout, () => {
    if (waiting) response.destroy(silent(wire, path));
  });
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      waiting = false;
      silence.heard();
      yield chunk;
      waiting = true;
      silence.heard();
    }
  } finally {
    silence.stop();
  }
}

/** Cuts a byte stream at line feeds; a character split over two chunks stays whole. */
class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get tooLong(): boolean {
    return this.#held > this.#limit;
  }

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = this.#held === 0 ? chunk.toString('utf8', start, end) : this.#join(chunk.subarray(start, end));
      if (line !== '' && line !== '\r') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#parts.push(chunk.subarray(start));
      this.#held += chunk.length - start;
    }
    return lines;
  }

  /** What stands after the last line feed. */
  rest(): string {
    return this.#join(Buffer.alloc(0)).trim();
  }

  #join(end: Buffer): string {
    const line = Buffer.concat([...this.#parts, end]).toString();
    this.#parts = [];
    this.#held = 0;
    return line;
  }
}

function parse(wire: Wire, path: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Fault(
      'BACKEND_FAILED',
      `${wire.backend} answered ${route(path)} with something that is not JSON.`,
      {},
      cause,
    );
  }
}

function refusal(wire: Wire, method: string, path: string, response: IncomingMessage, body: string): HttpFault {
  const status = response.statusCode!;
  const sentence = status >= 400 && status < 500 ? explained(wire, body) : undefined;
  const after = Number(response.headers['retry-after']);
  const retryAfter = Number.isInteger(after) && after >= 0 ? after : undefined;
  const message = sentence ?? `${wire.backend} answered ${status} to ${method} ${route(path)}.`;
  return new HttpFault(wire.statuses?.[status] ?? codeOf(status), status, message, retryAfter);
}

function explained(wire: Wire, body: string): string | undefined {
  try {
    return wire.explain?.(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function faultOf(wire: Wire, path: string, signal: AbortSignal, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  if (signal.aborted)
    return new Fault('BACKEND_TIMEOUT', `${wire.backend} did not answer ${route(path)} in time.`, {}, cause);
  const code = codeIn(cause);
  if (code.startsWith('HPE_'))
    return new Fault('BACKEND_FAILED', `${wire.backend} does not speak HTTP (${code}).`, {}, cause);
  const what = code === 'ECONNRESET' ? 'broke off the connection' : `cannot be reached (${code})`;
  return new Fault('BACKEND_UNAVAILABLE', `${wire.backend} ${what}.`, {}, cause);
}

function silent(wire: Wire, path: string): Fault {
  return new Fault('BACKEND_TIMEOUT', `${wire.backend} fell silent on ${route(path)}.`);
}

function tooLarge(wire: Wire, path: string): Fault {
  return new Fault('BACKEND_FAILED', `${wire.backend} answered ${route(path)} with more than ${wire.limit} bytes.`);
}

function codeIn(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}

/** A path without its query, which may carry credentials. */
function route(path: string): string {
  return path.split('?', 1)[0]!;
}
