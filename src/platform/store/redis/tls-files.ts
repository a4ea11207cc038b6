import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import { Fault } from '#schema/errors.js';
import type { RedisSettings } from '../../config/redis.js';
import { refused } from './refusal.js';

/**
 * TLS to Redis as its files say whenever a connection is made: a renewal needs no restart. One that cannot be used, for it is
 * half written, leaves what was used before. Throws Fault UNAVAILABLE when there is nothing before.
 */
export function tlsOptions({ tls }: RedisSettings, server: string): ConnectionOptions | undefined {
  if (!tls) return undefined;
  const { ca, certificate, key, servername } = tls;
  const read = (path: string | undefined) => (path === undefined ? undefined : textOf(path, server));
  const made = (): SecureContext => {
    const authorities = read(ca);
    if (authorities !== undefined) demandCertificates(authorities);
    return createSecureContext({ ca: authorities, cert: read(certificate), key: read(key) });
  };
  let used: SecureContext | undefined;
  const secureContext = () => {
    try {
      used = made();
    } catch (error) {
      if (!used) throw error;
    }
    return used;
  };
  try {
    secureContext();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw refused(server, 'needs certificates and a key in PEM that belong together. Look at store.redis.tls.', error);
  }
  return {
    // ioredis copies its options for each connection, and so asks anew.
    get secureContext() {
      return secureContext();
    },
    ...(servername !== undefined && { servername }),
  };
}

// OpenSSL takes the certificates that it can read and trusts nobody where there are none: half a file would be half the trust.
function demandCertificates(text: string): void {
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*(-----END [A-Z0-9 ]*CERTIFICATE-----)?/g) ?? [
    '',
  ];
  for (const block of blocks) new X509Certificate(block);
}

/** The text of a file. Throws Fault UNAVAILABLE that names it. */
export function textOf(file: string, server: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(server, `needs the file '${file}', which cannot be read (${(error as Error).message}).`, error);
  }
}
