import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { objectId, uuid5 } from './identity.js';

test('uuid5 is that of RFC 9562: the example of its appendix A.4', () => {
  expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('uuid5 follows the algorithm for every name', () => {
  const slow = (namespace: string, name: string) => {
    const bytes = createHash('sha1')
      .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
      .update(name, 'utf8')
      .digest();
    bytes[6] = (bytes[6]! & 0x0f) | 0x50;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.string({ unit: 'grapheme' }),
      (namespace, name) => uuid5(namespace, name) === slow(namespace, name),
    ),
  );
});

test('ids differ by O-Cloud, instance, object and identity', () => {
  const cloud = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
  const ids = [
    objectId(cloud, 'east', 'Resource', 'a'),
    objectId('5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e12', 'east', 'Resource', 'a'),
    objectId(cloud, 'west', 'Resource', 'a'),
    objectId(cloud, 'east', 'ResourcePool', 'a'),
    objectId(cloud, 'east', 'Resource', 'b'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});
