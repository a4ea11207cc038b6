import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { accept } from './acceptors.js';
import { readCertificate, watchCertificate, type Certificate, type CertificateFiles } from './certificate.js';
import type { Configuration } from './config/model.js';
import { drain, emptied, endWithAnswers, noneWaits, responseOn, track } from './drain.js';
import {
  protocolFault,
  refuse,
  refuseOnSocket,
  requestFault,
  takeAbsolute,
  type ProtocolFault,
} from './protocol-faults.js';

type Limits = Pick<
  Configuration['limits'],
  | 'urlBytes'
  | 'headerBytes'
  | 'headerCount'
  | 'headersTimeout'
  | 'requestTimeout'
  | 'keepAliveTimeout'
  | 'maxConnections'
  | 'maxRequestsPerSocket'
>;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly tls?: CertificateFiles;
  readonly limits: Limits;
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Of WebSockets; without it, and where a connection would become something else, an upgrade is answered as a plain request. */
  onUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Told of the certificate in use at the start and after each change; with `fault` when new files cannot be used. */
  onCertificate?(certificate: Certificate, fault?: Error): void;
}

export interface Listener {
  /** `http://127.0.0.1:8080`; the port is the real one. */
  readonly url: string;
  readonly port: number;
  /** Connections refused since the start, because `maxConnections` were open. */
  readonly refused: number;
  /**
   * Ends every connection with the next answer on it, and still accepts, so that nobody writes to one that is being closed.
   * Resolves when none is open, about so many milliseconds later at the latest; who closes then, closes at once.
   */
  leave(patienceMs: number): Promise<void>;
  /**
   * Stops accepting and closes idle connections; what is in flight may finish, with `Connection: close`, for so many
   * milliseconds. Then everything left is destroyed, upgraded sockets too: who owns those says goodbye before.
   */
  close(graceMs: number): Promise<void>;
}

// AEAD with forward secrecy only.
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');
const secure = { minVersion: 'TLSv1.2', ciphers, honorCipherOrder: true, handshakeTimeout: 10_000 } as const;

/** Serves HTTP/1.1, or HTTPS with `tls`. Throws UNAVAILABLE when the address or the certificate cannot be used, and says why. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, tls, limits } = options;
  const certificate = tls && readCertificate(tls);
  const server = certificate
    ? createTlsServer({ ...httpOptions(options), ...secure, ...certificate })
    : createServer(httpOptions(options));
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket;
  server.maxHeadersCount = limits.headerCount;
  // A connection on which nothing moves is closed: a reader that stands still holds what it was answered.
  server.timeout = Math.max(2 * limits.requestTimeout, 30_000);
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection']) server.on(event, (socket: Socket) => track(sockets, socket));
  let refused = 0;
  let leaving = false;
  route(server, options, () => leaving || !server.listening);
  const most = limits.maxConnections;
  const acceptors = await accept(server, { host, port: options.port, most, refused: () => (refused += 1) });

  const stopWatching = certificate ? reload(server as TlsServer, certificate, options) : () => {};
  const { port } = acceptors;
  return {
    url: `${tls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    port,
    get refused() {
      return refused;
    },
    async leave(patienceMs) {
      leaving = true;
      endWithAnswers(sockets);
      await emptied(sockets, patienceMs);
      await noneWaits(server, lastLook);
    },
    close(graceMs) {
      stopWatching();
      return drain(server, acceptors, sockets, graceMs);
    },
  };
}

/** How long to look for a turn without connections, milliseconds. */
const lastLook = 1000;
const longestRead = 65_536;

function httpOptions({ limits, onUpgrade }: ListenOptions): ServerOptions {
  return {
    // Room for a URI that is too long, so that it is read and answered as one.
    maxHeaderSize: Math.max(limits.urlBytes, longestRead) + limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: 1000,
    // Checked by requestFault, so that its refusal is a problem document like every other.
    requireHostHeader: false,
    insecureHTTPParser: false,
    shouldUpgradeCallback: (request) => onUpgrade !== undefined && mayUpgrade(request),
  };
}

/** Clients that would rather speak HTTP/2 ask for it with each first request. Behind an answer that is still owed none may follow. */
function mayUpgrade({ headers, socket }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && !responseOn(socket);
}

type Last = ServerResponse & { readonly maxRequestsOnConnectionReached?: boolean };

function route(server: Server, { onRequest, onUpgrade }: ListenOptions, ends: () => boolean): void {
  server.on('request', (request, response: Last) => {
    // Node says so in the last answer that a connection may have, and leaves it open.
    if (ends() || response.maxRequestsOnConnectionReached) response.shouldKeepAlive = false;
    const fault = faultOf(request);
    if (fault) refuse(response, fault);
    else onRequest(request, response);
  });
  if (onUpgrade) {
    server.on('upgrade', (request, socket, head) => {
      // Node leaves an upgraded socket alone: without a listener the first reset by a client would end the process.
      socket.on('error', () => socket.destroy());
      // Before 24.9 Node asks `mayUpgrade` nothing.
      if (responseOn(socket)) return socket.destroy();
      const fault = faultOf(request);
      if (fault) refuseOnSocket(socket, fault);
      else onUpgrade(request, socket, head);
    });
  }
  server.on('clientError', (error, socket) => {
    const fault = protocolFault(error);
    // In the midst of an answer a second one would be taken for its body.
    if (!fault || !socket.writable || responseOn(socket)?.headersSent) socket.destroy();
    else refuseOnSocket(socket, fault);
  });
}

function faultOf(request: IncomingMessage): ProtocolFault | undefined {
  if (request.url!.charCodeAt(0) !== 47) takeAbsolute(request);
  return requestFault(request);
}

function reload(server: TlsServer, first: Certificate, { tls, onCertificate = () => {} }: ListenOptions): () => void {
  let current = first;
  onCertificate(first);
  const changed = (next: Certificate) => {
    server.setSecureContext({ ...secure, cert: next.cert, key: next.key });
    onCertificate((current = next));
  };
  return watchCertificate(tls!, first, changed, (fault) => onCertificate(current, fault));
}
