import { describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { outbound, type OutboundOptions } from './client.js';

const empty = { allow: [], http: false, tenants: {}, timeout: 1000 };

function said(url: string, tenant: string | undefined, options: Partial<OutboundOptions> = {}): string {
  const client = outbound({ mode: 'production', callbacks: empty, ...options });
  try {
    client.check(url, tenant);
    return 'admitted';
  } catch (error) {
    if (error instanceof Fault && error.detail.at === 'callback') return `${error.code} ${error.message}`;
    throw error;
  }
}

describe('a refusal says what to do', () => {
  const allow = ['*.example.com:443', '10.0.0.0/8:8443'];
  const tenants = { acme: { allow: ['smo.example.org'] } };
  const listed = { callbacks: { ...empty, allow, tenants } };

  test.each([
    [
      'https://smo.example.com/',
      {},
      'UNPROCESSABLE No callback may be called yet: the operator lists the networks and names that may be, with callbacks.allow or callbacks.tenants.acme.allow.',
    ],
    [
      'https://smo.example.net/',
      { callbacks: { ...empty, allow: ['smo.example.com'] } },
      "UNPROCESSABLE The operator does not admit callbacks to 'smo.example.net'; callbacks.allow or callbacks.tenants.acme.allow lists who may be called.",
    ],
    [
      'https://10.0.0.1/',
      listed,
      "UNPROCESSABLE The operator admits callbacks to '10.0.0.1', but not on port 443; see callbacks.allow or callbacks.tenants.acme.allow.",
    ],
    [
      'http://smo.example.org/',
      listed,
      "UNPROCESSABLE The callback needs https; for http the operator sets callbacks.http, or 'http://' in front of an entry of callbacks.allow or callbacks.tenants.acme.allow.",
    ],
    [
      'https://169.254.169.254/',
      listed,
      'UNPROCESSABLE The callback leads to a link-local address (cloud metadata); none is ever sent there.',
    ],
    ['https://smo.example.com/a#b', listed, 'INVALID The callback may not hold a fragment (#).'],
    [
      'https://me:secret@smo.example.com/',
      listed,
      'INVALID The callback may not hold a user or password; set the credentials of the subscription.',
    ],
    ['https://smo.example.org/', listed, 'admitted'],
    ['https://a.example.com/', listed, 'admitted'],
  ])('%s', (url, options, sentence) => expect(said(url, 'acme', options)).toBe(sentence));

  test('and a list of one tenant holds for no other', () => {
    expect(said('https://smo.example.org/', 'zorg', listed)).toMatch(/^UNPROCESSABLE/);
    expect(said('https://smo.example.org/', undefined, listed)).toMatch(/^UNPROCESSABLE/);
    expect(said('https://smo.example.org/', '__proto__', listed)).toMatch(/^UNPROCESSABLE/);
  });
});

describe('a list that holds every address', () => {
  const listed = { callbacks: { ...empty, allow: ['::/0'] } };

  // 8.8.8.8, where NAT64 puts it: the well-known prefix, then local ones of 96, 96, 64, 56 and 48 bits.
  test.each([
    '64:ff9b::808:808',
    '64:ff9b:1::808:808',
    '64:ff9b:1:2a::808:808',
    '64:ff9b:1:2a:8:808:800:0',
    '64:ff9b:1:2a08:8:808::',
    '64:ff9b:1:808:8:800::',
  ])('admits a public address behind NAT64: %s', (address) =>
    expect(said(`https://[${address}]/`, 'acme', listed)).toBe('admitted'),
  );

  test.each(['fd00:c2::1', 'fd00:100::1', 'fd00:a9fe::1'])(
    'admits a private one beside metadata services: %s',
    (address) => expect(said(`https://[${address}]/`, 'acme', listed)).toBe('admitted'),
  );
});

describe('development', () => {
  const own = () => [{ host: '127.0.0.1', port: 8080 }];
  const development = (url: string) => said(url, undefined, { mode: 'development', own });

  test.each(['http://127.0.0.1:9000/', 'http://localhost:9000/', 'https://[::1]:9000/', 'http://127.8.0.1/'])(
    'calls this machine without a list: %s',
    (url) => expect(development(url)).toBe('admitted'),
  );

  test.each([
    'http://127.0.0.1:8080/',
    'http://2130706433:8080/',
    'http://[::ffff:127.0.0.1]:8080/',
    'http://10.0.0.1/',
    'http://smo.example.com/',
    'http://169.254.169.254/',
    'http://0.0.0.0/',
    'http://[64:ff9b::7f00:1]/',
    'http://metadata.google.internal/',
  ])('but nothing else, and never the gateway itself: %s', (url) => expect(development(url)).toMatch(/^UNPROCESSABLE/));
});
