import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Fault } from '#schema/errors.js';

/** Encrypts small secrets for the store. `context` says what and whose it is (`subscription/<id>/secret`); it is not stored. */
export interface Sealer {
  /** Tells keys apart, and says nothing about them; part of whatever is sealed. */
  readonly fingerprint: string;
  /** `v1.<key>.<nonce, text and tag in base64url>`. */
  seal(secret: string, context: string): string;
  /** Throws UNAVAILABLE, naming the likely cause, when the text was sealed with another key, for another context, or changed. */
  open(sealed: string, context: string): string;
}

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM under a sub-key (`keys.subKey('secrets')`, 32 bytes), a random nonce for each secret, the context authenticated. */
export function sealer(key: Buffer): Sealer {
  // Tells a changed key from damage, and says nothing about the key itself.
  const mark = Buffer.from(hkdfSync('sha256', key, '', 'netweave sealed mark', 6)).toString('base64url');
  const head = `${version}.${mark}`;
  const bound = (context: string) => Buffer.from(`${head}.${context}`);
  return {
    fingerprint: mark,
    seal(secret, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(bound(context));
      const text = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${head}.${text.toString('base64url')}`;
    },
    open(sealed, context) {
      const [format, sealedBy, text = '', more] = sealed.split('.');
      if (format !== version)
        throw unreadable('it is in no format that this release knows: a newer one may have written it');
      if (sealedBy !== mark) throw unreadable('it was sealed with another key: NETWEAVE_KEY or keyFile has changed');
      const bytes = Buffer.from(text, 'base64url');
      // Base64 has several spellings of the same bytes; only ours was written.
      const ours = more === undefined && bytes.toString('base64url') === text;
      if (!ours || bytes.length < nonceBytes + tagBytes) throw damaged();
      const end = bytes.length - tagBytes;
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        .setAAD(bound(context))
        .setAuthTag(bytes.subarray(end));
      try {
        return decipher.update(bytes.subarray(nonceBytes, end), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw damaged();
      }
    },
  };
}

function damaged(): Fault {
  return unreadable('it was changed, or belongs to something else: the store is damaged or was edited');
}

function unreadable(why: string): Fault {
  return new Fault('UNAVAILABLE', `A stored secret cannot be read; ${why}.`);
}
