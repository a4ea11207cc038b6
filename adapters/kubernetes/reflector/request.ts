import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Credentials } from '../credentials.js';
import { ApiFault, type ApiStatus } from './fault.js';

/** One call of the API; `path` begins with `/api` and carries the query. */
export interface Ask {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly method?: 'GET' | 'PATCH';
  /** JSON text of a merge patch. */
  readonly patch?: string;
  /** Milliseconds until the headers of the answer. */
  readonly answerWithin: number;
}

/** Resolves with the headers of a good answer, its body unread; throws `ApiFault` from 300 on, else what broke the line. */
export type Request = (ask: Ask) => Promise<IncomingMessage>;

const longestStatus = 65_536;

/** A client that knows credentials and nothing of objects. A 401 makes it load the credentials anew for the next call. */
export function createRequest(credentials: Credentials): Request {
  return async (ask) => {
    const response = await send(credentials, ask);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    if (status === 401) credentials.renew();
    throw new ApiFault({ ...(await readStatus(response)), code: status }, retryAfter(response));
  };
}

/** The whole body as JSON. */
export async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function send(credentials: Credentials, ask: Ask): Promise<IncomingMessage> {
  const options = await credentials.options();
  try {
    return await attempt(credentials.server, options, ask);
  } catch (fault) {
    // A connection from the pool may have been closed at the other end just now; our calls may be repeated.
    if (!(fault instanceof ConnectionWasOld)) throw fault;
    return attempt(credentials.server, options, ask);
  }
}

class ConnectionWasOld extends Error {}

function attempt(server: string, options: object, ask: Ask): Promise<IncomingMessage> {
  const { path, signal, method = 'GET', patch, answerWithin } = ask;
  const url = new URL(server + path);
  const headers: Record<string, string | number> = {
    ...('headers' in options ? (options.headers as Record<string, string>) : {}),
    accept: 'application/json',
    'user-agent': 'netweave',
  };
  if (patch !== undefined) {
    headers['content-type'] = 'application/merge-patch+json';
    headers['content-length'] = Buffer.byteLength(patch);
  }
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const sent: ClientRequest = start(url, { ...options, method, headers, signal }, (response) => {
      clearTimeout(timer);
      // Whoever reads the body sees its faults; nobody may be reading at the moment one happens.
      response.on('error', () => undefined);
      resolve(response);
    });
    const timer = setTimeout(() => sent.destroy(new Error(`No answer within ${answerWithin / 1000} s.`)), answerWithin);
    sent.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(sent.reusedSocket && cause.code === 'ECONNRESET' ? new ConnectionWasOld(cause.message) : cause);
    });
    sent.end(patch);
  });
}

async function readStatus(response: IncomingMessage): Promise<ApiStatus> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk;
    if (text.length > longestStatus) break;
  }
  try {
    return JSON.parse(text) as ApiStatus;
  } catch {
    return { message: `HTTP ${response.statusCode}: ${text.slice(0, 200).trim()}` };
  }
}

function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after']);
  return headers['retry-after'] !== undefined && Number.isFinite(seconds) ? seconds : undefined;
}
