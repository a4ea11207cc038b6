import { Fault, type Code } from '#schema/errors.js';

/** What went wrong with an attempt. `token`: the token endpoint gave none. */
export type Reason =
  | 'refused-by-policy'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'too-large'
  | 'token'
  | 'cancelled';

interface Circumstances {
  /** The address that was called, when it came so far; for logs, not for tenants. */
  readonly address?: string;
  /** Nothing was sent: another address may be tried. */
  readonly unsent?: boolean;
  readonly code?: Code;
  readonly cause?: unknown;
}

/** An attempt that brought no answer. The message names the host at most: neither path, credentials nor addresses. */
export class OutboundFault extends Fault {
  readonly reason: Reason;
  readonly address: string | undefined;
  readonly unsent: boolean;
  /** Set when the attempt ends. */
  milliseconds = 0;

  constructor(reason: Reason, message: string, circumstances: Circumstances = {}) {
    const { address, unsent = false, code = 'UNPROCESSABLE', cause } = circumstances;
    super(code, message, { at: 'callback' }, cause);
    this.unsent = unsent;
    this.name = 'OutboundFault';
    this.reason = reason;
    this.address = address;
  }
}

/** What happened on a connection that stood, in words. */
export function wireFault(host: string, address: string, cause: unknown): OutboundFault {
  if (cause instanceof OutboundFault) return cause;
  const code = codeIn(cause);
  const made = (reason: Reason, what: string) => new OutboundFault(reason, `'${host}' ${what}.`, { address, cause });
  if (code === 'HPE_HEADER_OVERFLOW') return made('too-large', 'answered with headers that are too long');
  if (code.startsWith('HPE_')) return made('protocol', `does not speak HTTP (${code})`);
  if (/^ERR_(SSL|TLS)_|^EPROTO$/.test(code)) return made('tls', `ended the TLS connection (${code})`);
  return made('reset', `broke off the connection (${code})`);
}

/** A code that Node or OpenSSL gave; never a message, which may quote what was sent. */
export function codeIn(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,80}$/.test(code) ? code : 'unknown';
}
