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

/** What undici, Node and OpenSSL call what happens on a connection, by name or code; anything else broke it off. */
const happenings: readonly (readonly [RegExp, Reason, string])[] = [
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'too-large', 'answered with headers that are too long'],
  [/^HTTPParserError$|^UND_ERR_RES_|^ERR_ASSERTION$/, 'protocol', 'does not speak HTTP'],
  [/^ERR_(SSL|TLS)_|^EPROTO$/, 'tls', 'ended the TLS connection'],
  [/^UND_ERR_INVALID_ARG$/, 'protocol', 'cannot be sent these headers'],
  [/^UND_ERR_SOCKET$/, 'reset', 'closed the connection before its whole answer'],
  [/^/, 'reset', 'broke off the connection'],
];

/** What happened on a connection that stood, in words. */
export function wireFault(host: string, address: string, cause: Error): OutboundFault {
  if (cause instanceof OutboundFault) return cause;
  const code = codeIn(cause);
  const made = (reason: Reason, what: string) => new OutboundFault(reason, `'${host}' ${what}.`, { address, cause });
  // Only the words tell what came where nothing may come from a connection that was closed.
  if (/^bad (response|upgrade)$/.test(cause.message)) return made('protocol', 'answered what was not asked');
  const [, reason, what] = happenings.find(([names]) => names.test(cause.name) || names.test(code))!;
  return made(reason, code === 'unknown' ? what : `${what} (${code})`);
}

/** A code that Node or OpenSSL gave; never a message, which may quote what was sent. */
export function codeIn(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,80}$/.test(code) ? code : 'unknown';
}
