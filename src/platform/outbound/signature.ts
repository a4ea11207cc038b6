import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { invalid } from '#schema/errors.js';

const prefix = 'whsec_';

/** What is signed: the bytes of the body as they go out. */
export interface Signed {
  /** The same on every attempt: receivers know duplicates by it. */
  readonly id: string;
  /** Time of this attempt, in milliseconds since 1970; receivers refuse what is older than some minutes. */
  readonly time: number;
  readonly body: string | Buffer;
  /** The current secret, then those that still hold while it is rotated. */
  readonly secrets: readonly string[];
}

/** A new secret of 32 random bytes, as Standard Webhooks writes it. */
export function newSecret(): string {
  return prefix + randomBytes(32).toString('base64');
}

/** The headers of Standard Webhooks 1.0. Throws INVALID when a secret is none. */
export function signatureHeaders({ id, time, body, secrets }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(time / 1000));
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Secrets in use: making a key of one costs five times as much as signing with it. */
const keys = new LRUCache<string, KeyObject>({ max: 10_000 });

function keyOf(secret: string): KeyObject {
  let key = keys.get(secret);
  if (!key) keys.set(secret, (key = createSecretKey(secretBytes(secret))));
  return key;
}

/**
 * The bytes of a secret: `whsec_` and 24 to 64 bytes in base64. Throws INVALID at `secret`, without showing it.
 * @internal for tests
 */
export function secretBytes(secret: string): Buffer {
  const bytes = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.alloc(0);
  const spelt = prefix + bytes.toString('base64') === secret;
  if (spelt && bytes.length >= 24 && bytes.length <= 64) return bytes;
  throw invalid("The secret needs the form 'whsec_' and 24 to 64 bytes in base64.", 'secret');
}
