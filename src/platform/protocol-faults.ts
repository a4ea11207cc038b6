import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request that HTTP itself refuses, before anybody asks what it wants. */
export interface ProtocolFault {
  readonly status: number;
  readonly detail: string;
}

const problemType = 'application/problem+json';

/** What a parser or timeout error of node:http says to the client; undefined when nobody is left to be told. */
export function protocolFault(error: NodeJS.ErrnoException): ProtocolFault | undefined {
  const { code = '' } = error;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, detail: 'The request did not arrive in time.' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return { status: 413, detail: 'The chunk extensions are too large.' };
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, detail: 'The URI and headers together are too large.' };
  // Anything else is the connection itself: reset, or no TLS on it.
  return code.startsWith('HPE_') ? { status: 400, detail: 'This is not a well-formed HTTP/1.1 request.' } : undefined;
}

/**
 * A target with scheme and host, as for a proxy: its path is asked for, and its host is the one that counts, whatever the header
 * says (RFC 9112 3.2.2).
 */
export function takeAbsolute(request: IncomingMessage): void {
  const [, host, rest = ''] = /^https?:\/\/([^/?#@]+)([/?].*)?$/i.exec(request.url!) ?? [];
  if (host === undefined) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  request.headers.host = host;
}

/** What a parsed request must still have: one Host (RFC 9112 3.2) and a path, for links are made of both. */
export function requestFault({
  rawHeaders,
  url,
  method,
  httpVersionMinor,
}: IncomingMessage): ProtocolFault | undefined {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name === 'Host' || (name.length === 4 && name.toLowerCase() === 'host')) hosts++;
  }
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0))
    return { status: 400, detail: 'A request needs exactly one Host header.' };
  if (url!.charCodeAt(0) === 47 || (url === '*' && method === 'OPTIONS')) return undefined;
  return { status: 400, detail: 'The request target must be a path or a URL of http.' };
}

const lingering = 1000;

/** Answers on a connection that has no response object, and ends it: a moment later, or the client would lose the answer. */
export function refuseOnSocket(socket: Duplex, fault: ProtocolFault): void {
  const { head, body } = answer(fault);
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\n${lines.join('')}\r\n${body}`);
  setTimeout(() => socket.destroy(), lingering).unref();
}

export function refuse(response: ServerResponse, fault: ProtocolFault): void {
  const { head, body } = answer(fault);
  response.writeHead(fault.status, head).end(body);
}

function answer({ status, detail }: ProtocolFault) {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  const head = { 'Content-Type': problemType, 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
  return { head, body };
}
