import { hash } from 'node:crypto';
import type { ObjectName } from '#schema/objects.js';

const namespaces = new Map<string, Buffer>();

/**
 * UUIDv5 (RFC 9562 5.5) of `name` in the namespace `namespace` (a UUID): lowercase.
 * @internal
 */
export function uuid5(namespace: string, name: string): string {
  let bytes = namespaces.get(namespace);
  if (!bytes) namespaces.set(namespace, (bytes = Buffer.from(namespace.replaceAll('-', ''), 'hex')));
  // Hundreds of thousands are made in a first synchronisation: hashing at once into hex takes a third of the stepwise way.
  const hex = hash('sha1', Buffer.concat([bytes, Buffer.from(name)]), 'hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Id of an object of a backend instance, stable over restarts and replicas. */
export function objectId(oCloudId: string, instance: string, object: ObjectName, identity: string): string {
  return uuid5(oCloudId, `${instance}/${object}/${identity}`);
}
