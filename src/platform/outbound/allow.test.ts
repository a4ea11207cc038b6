import { describe, expect, test } from '@jest/globals';
import { allowList, parseEntry } from './allow.js';
import { parseTarget } from './grammar.js';

describe('an entry', () => {
  test.each([
    ['10.0.0.0/8', { http: false, network: '10.0.0.0/8' }],
    ['10.1.2.3', { http: false, network: '10.1.2.3' }],
    ['http://10.0.0.0/8:8080', { http: true, network: '10.0.0.0/8', port: 8080 }],
    ['2001:db8::/32', { http: false, network: '2001:db8::/32' }],
    ['[2001:db8::/32]:8443', { http: false, network: '2001:db8::/32', port: 8443 }],
    ['SMO.example.com', { http: false, name: 'smo.example.com' }],
    ['*.example.com:443', { http: false, name: '.example.com', port: 443 }],
    ['smo', { http: false, name: 'smo' }],
  ])('%s', (text, entry) => expect(parseEntry(text)).toEqual(entry));

  test.each([
    '',
    '*',
    '*.',
    '*.*.com',
    'a.*.com',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '2001:db8::1/32',
    '[2001:db8::/32',
    'fe80::1%eth0',
    'smo.example.com:0',
    'smo.example.com:70000',
    'smo.example.com/path',
    'https://smo.example.com',
    'http://http://a',
    'smo.example.com.',
    'smo example.com',
    'user@smo.example.com',
    '127.1',
  ])('%j is none', (text) => expect(parseEntry(text)).toBeUndefined());
});

describe('a list', () => {
  const judge = (entries: readonly string[], url: string, http = false) =>
    allowList(entries).judge(parseTarget(url), http);
  const admits = (entries: readonly string[], url: string, address: string) =>
    allowList(entries).admits(parseTarget(url), address, false);

  test.each([
    [['smo.example.com'], 'https://smo.example.com/', 'admitted'],
    [['smo.example.com'], 'https://SMO.Example.com:8443/', 'admitted'],
    [['smo.example.com'], 'https://x.smo.example.com/', 'host'],
    [['*.example.com'], 'https://a.b.example.com/', 'admitted'],
    [['*.example.com'], 'https://example.com/', 'host'],
    [['*.example.com'], 'https://badexample.com/', 'host'],
    [['smo.example.com:8443'], 'https://smo.example.com/', 'port'],
    [['smo.example.com:8443', '*.example.com:443'], 'https://smo.example.com/', 'admitted'],
    [['smo.example.com'], 'http://smo.example.com/', 'scheme'],
    [['http://smo.example.com'], 'http://smo.example.com/', 'admitted'],
    [['http://smo.example.com:81', 'smo.example.com'], 'http://smo.example.com/', 'scheme'],
    [['10.0.0.0/8'], 'https://10.255.0.1/', 'admitted'],
    [['10.0.0.0/8'], 'https://11.0.0.1/', 'host'],
    [['10.0.0.0/8'], 'https://[::ffff:10.0.0.1]/', 'admitted'],
    [['2001:db8::/32'], 'https://[2001:db8:0:0::5]/', 'admitted'],
    // A name may lead into a network; that is seen when it is resolved.
    [['10.0.0.0/8'], 'https://smo.example.com/', 'admitted'],
    [['*.example.com'], 'https://10.0.0.1/', 'host'],
    [[], 'https://smo.example.com/', 'host'],
  ] as const)('%j says of %s: %s', (entries, url, verdict) => expect(judge(entries, url)).toBe(verdict));

  test('takes a name wherever it leads, and a network only for what lies in it', () => {
    expect(admits(['smo.example.com'], 'https://smo.example.com/', '192.0.2.1')).toBe(true);
    expect(admits(['10.0.0.0/8'], 'https://smo.example.com/', '10.0.0.1')).toBe(true);
    expect(admits(['10.0.0.0/8', 'other.example.com'], 'https://smo.example.com/', '192.0.2.1')).toBe(false);
    expect(admits(['10.0.0.0/8:8443'], 'https://smo.example.com/', '10.0.0.1')).toBe(false);
  });
});
