import { createHash } from 'node:crypto';
import type { ObjectName } from '#schema/objects.js';

/** UUIDv5 (RFC 9562 5.5) of `name` in the namespace `namespace` (a UUID): lowercase. */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex')).update(name, 'utf8').digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Id of an object of a backend instance, stable over restarts and replicas. */
export function objectId(oCloudId: string, instance: string, object: ObjectName, identity: string): string {
  return uuid5(oCloudId, `${instance}/${object}/${identity}`);
}
