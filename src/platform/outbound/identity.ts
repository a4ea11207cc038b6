import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { codeIn, OutboundFault } from './fault.js';

/** What we show and trust in TLS; all in PEM. */
export interface TlsIdentity {
  /** Client certificate, then its intermediates; with its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Authorities to trust instead of the public ones. */
  readonly ca?: string;
}

export interface Identity {
  /** Tells identities apart; a digest, so that no key stands in the name of a pool. */
  readonly name: string;
  readonly context: SecureContext;
}

/**
 * Contexts of the identities in use: making one costs a millisecond.
 * @internal for tests
 */
export function identities(): (tls: TlsIdentity | undefined) => Identity {
  const made = new LRUCache<string, Identity>({ max: 1000 });
  return (tls = {}) => {
    const name = nameOf(tls);
    const known = made.get(name);
    if (known) return known;
    const identity = { name, context: contextOf(tls) };
    made.set(name, identity);
    return identity;
  };
}

function nameOf({ cert, key, ca }: TlsIdentity): string {
  if (cert === undefined && key === undefined && ca === undefined) return '';
  const hash = createHash('sha256');
  for (const part of [cert, key, ca]) hash.update(part === undefined ? '-' : `${part.length}:${part}`);
  return hash.digest('base64url');
}

function contextOf(tls: TlsIdentity): SecureContext {
  try {
    return secureContextOf(tls);
  } catch (cause) {
    const what = 'The client certificate, its key or the authorities are no PEM that belongs together';
    throw new OutboundFault('tls', `${what} (${codeIn(cause)}).`);
  }
}

/** Throws what OpenSSL says: its message may quote the input, its code does not. */
export function secureContextOf({ cert, key, ca }: TlsIdentity): SecureContext {
  return createSecureContext({ minVersion: 'TLSv1.2', cert, key, ca });
}
