import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import { canonical } from './address.js';
import { codeIn, OutboundFault } from './fault.js';
import type { Identity } from './identity.js';
import type { Target } from './grammar.js';

export interface Dialled {
  readonly target: Target;
  /** The judged address; what is called is this and nothing that a name says later. */
  readonly address: string;
  readonly identity: Identity;
  /** Longest the connection, TLS included, may take to stand, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** A connection to the judged address, its other end and its certificate checked. Throws OutboundFault. */
export async function dial(dialled: Dialled): Promise<Socket> {
  const { target, address, timeout, signal } = dialled;
  let socket: Socket | undefined;
  const late = new OutboundFault('timeout', `'${target.host}' took no connection in ${Math.round(timeout)} ms.`, {
    address,
    unsent: true,
  });
  const timer = setTimeout(() => socket?.destroy(late), timeout);
  const abort = () => socket?.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    socket = connectTcp({ host: address, port: target.port, noDelay: true }).on('error', ignore);
    await event(socket, 'connect', (cause) => connectFault(dialled, cause));
    if (socket.remoteAddress === undefined || canonical(socket.remoteAddress) !== address) {
      throw new OutboundFault('refused-by-policy', `'${target.host}' led to another address than asked for.`, {
        address,
      });
    }
    if (!target.secure) return socket;
    socket = secured(dialled, socket).on('error', ignore);
    await event(socket, 'secureConnect', (cause) => tlsFault(dialled, cause));
    if (socket.destroyed) throw tlsFault(dialled, socket.errored);
    return socket;
  } catch (cause) {
    socket?.destroy();
    throw cause;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

// Between two listeners nobody else hears of an error, and an error that nobody hears ends the process.
function ignore(): void {}

function secured({ target: { host, literal }, identity }: Dialled, socket: Socket): Socket {
  return connectTls({
    socket,
    secureContext: identity.context,
    // RFC 6066: no server name for addresses.
    servername: literal ? '' : host,
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    ALPNProtocols: ['http/1.1'],
    // Said outright, so that no variable of the environment turns it off.
    rejectUnauthorized: true,
  });
}

function event(socket: Socket, name: string, faultOf: (cause: unknown) => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => {
      leave();
      reject(faultOf(cause));
    };
    const closed = () => failed({ code: 'ECONNRESET' });
    const leave = () => socket.removeListener('error', failed).removeListener('close', closed);
    socket.once('error', failed).once('close', closed);
    socket.once(name, () => {
      leave();
      resolve();
    });
  });
}

function connectFault({ target, address }: Dialled, cause: unknown): Error {
  if (cause instanceof OutboundFault) return cause;
  return new OutboundFault('connect', `'${target.host}' cannot be reached at port ${target.port} (${codeIn(cause)}).`, {
    address,
    unsent: true,
    cause,
  });
}

/** Of OpenSSL (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const untrusted: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function tlsFault({ target, address }: Dialled, cause: unknown): Error {
  if (cause instanceof OutboundFault) return cause;
  const code = codeIn(cause);
  const what =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'shows the certificate of another host'
      : untrusted.has(code)
        ? 'shows a certificate that is not trusted here'
        : 'and we agree on no TLS connection';
  return new OutboundFault('tls', `'${target.host}' ${what} (${code}).`, { address, cause });
}
