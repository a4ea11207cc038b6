import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import type { CallbackCredentials } from '#schema/inventory/inventory-subscription.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { demandCertificate } from './callback-certificate.js';

const [us, other] = [selfSigned('us'), selfSigned('other')];
const broken = '-----BEGIN CERTIFICATE-----\nQ0FOQVJZ\n-----END CERTIFICATE-----\n';
const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'CANARY' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
const oauth2 = (tokenEndpoint: string) => ({ tokenEndpoint, clientId: 'us', clientSecret: 'CANARY' });

function said(callback: string, certificate: object, more: CallbackCredentials = {}): string {
  const given = { certificate: us.certificate, key: us.key, ...certificate };
  try {
    demandCertificate(callback, { ...more, certificate: given });
    return 'taken';
  } catch (error) {
    const { code, message, detail } = error as Fault;
    expect([code, message]).toEqual(['INVALID', expect.not.stringContaining('CANARY')]);
    return `${detail.at}: ${message}`;
  }
}

test.each<[string, object, RegExp]>([
  ['garbage', { certificate: 'CANARY' }, /^credentials\/certificate\/certificate: .* is no certificate in PEM/],
  ['intermediates that are none', { certificate: us.certificate + broken }, /^credentials\/certificate\/certificate: /],
  ['a key that is garbage', { key: 'CANARY' }, /^credentials\/certificate\/key: .* is no private key in PEM/],
  ['an encrypted key', { key: encrypted }, /^credentials\/certificate\/key: .* not encrypted/],
  ['the key of another', { key: other.key }, /^credentials\/certificate\/key: .* does not belong to the certificate/],
  ['authorities that are garbage', { authority: 'CANARY' }, /^credentials\/certificate\/authority: .* or none/],
  ['one authority that is none', { authority: other.certificate + broken }, /^credentials\/certificate\/authority: /],
  ['a key among authorities', { authority: other.certificate + us.key }, /^credentials\/certificate\/authority: /],
])('%s is refused, and the attribute named', (_what, certificate, refusal) => {
  expect(said('https://smo.example.com/', certificate)).toMatch(refusal);
});

test('a certificate with its key and with authorities is taken, comments beside them or not', () => {
  expect(said('HTTPS://smo.example.com/', {})).toBe('taken');
  const authority = `# ours\r\n${us.certificate}\r\n# theirs\r\n${other.certificate}# end`;
  expect(said('https://smo.example.com/', { certificate: us.certificate + other.certificate, authority })).toBe(
    'taken',
  );
});

test('a certificate that nobody would be shown is refused', () => {
  expect(said('http://smo.example.com/', {})).toMatch(/^credentials\/certificate: .* over https only/);
  const both = (endpoint: string) => said('http://smo.example.com/', {}, { oauth2: oauth2(endpoint) });
  expect(both('http://token.example.com/')).toMatch(/^credentials\/certificate: /);
  expect(both('https://token.example.com/')).toBe('taken');
});
