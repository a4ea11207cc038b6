import { createPrivateKey, X509Certificate } from 'node:crypto';
import { invalid } from '#schema/errors.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import { codeIn } from '../platform/outbound/fault.js';
import { secureContextOf } from '../platform/outbound/identity.js';

type Part = keyof NonNullable<CallbackCredentials['certificate']>;

/**
 * Throws INVALID, naming the attribute, for a client certificate that nobody could be shown: its callback does not speak TLS, or
 * OpenSSL does not take it. Nothing of it is quoted.
 */
export function demandCertificate(callback: string, { certificate: given, oauth2 }: CallbackCredentials): void {
  if (!given) return;
  // An authorisation server is shown it too (RFC 8705).
  if (![callback, oauth2?.tokenEndpoint].some((url) => url !== undefined && /^https:/i.test(url)))
    throw invalid(
      'A client certificate is shown over https only: name a callback with https, or give no certificate.',
      'credentials/certificate',
    );
  const { certificate: cert, key, authority } = given;
  demand('certificate', 'is no certificate in PEM with its intermediates that can be used', () =>
    secureContextOf({ cert }),
  );
  demand('key', 'is no private key in PEM that is not encrypted', () => createPrivateKey(key));
  demand('key', 'does not belong to the certificate, or cannot be used', () => secureContextOf({ cert, key }));
  if (authority !== undefined)
    demand('authority', 'holds something else than certificates in PEM, or none', () => readAll(authority));
}

function demand(part: Part, flaw: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw invalid(
      `The ${part} of the client certificate ${flaw} (${codeIn(cause)}).`,
      `credentials/certificate/${part}`,
    );
  }
}

/** A context takes authorities up to the first that cannot be read, and says nothing: with none nobody would be trusted. */
function readAll(authorities: string): void {
  const [, ...each] = authorities.split(/^-----BEGIN /m);
  for (const text of each.length > 0 ? each : ['']) void new X509Certificate(`-----BEGIN ${text}`);
}
