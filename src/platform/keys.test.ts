import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openKeys } from './keys.js';

const folder = () => mkdtempSync(join(tmpdir(), 'netweave-keys-'));
const store = (file = join(folder(), 'state', 'store.db'), memory = false) => ({
  kind: 'embedded' as const,
  file,
  memory,
});
const key = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const hex = (keys: ReturnType<typeof openKeys>) => [
  keys.subKey('markers').toString('hex'),
  keys.subKey('secrets').toString('hex'),
];

describe('a configured key', () => {
  // HKDF-SHA-256 without salt, computed with `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:… -kdfopt info:… HKDF`.
  test('gives each purpose the sub-key of RFC 5869', () => {
    expect(hex(openKeys({ mode: 'production', key, keyFile: undefined, store: store() }))).toEqual([
      '7fab72a87f5769f4eff66164c9274ed29a91d50138dc7079b78b38f3e0d53c99',
      '8a0c67814c499528d6fc3a2370186371abb5f0e2644de346db482eea032754a8',
    ]);
  });

  test('may stand in a file', () => {
    const keyFile = join(folder(), 'key');
    writeFileSync(keyFile, `${key}\n`);
    const fromFile = openKeys({ mode: 'production', keyFile, store: store() });
    expect(hex(fromFile)).toEqual(hex(openKeys({ mode: 'production', key, store: store() })));
  });

  test.each(['c2hvcnQ=', '', 'not base64 at all'])('of the wrong length is refused: %j', (text) => {
    const keyFile = join(folder(), 'key');
    writeFileSync(keyFile, text);
    expect(() => openKeys({ mode: 'production', keyFile, store: store() })).toThrow(/does not hold 32 bytes/);
  });

  test('that is missing is refused in production, and nothing is made', () => {
    const where = store();
    expect(() => openKeys({ mode: 'production', store: where })).toThrow(/NETWEAVE_KEY/);
    expect(existsSync(join(where.file, '..'))).toBe(false);
    expect(() => openKeys({ mode: 'production', keyFile: '/no/such/key', store: where })).toThrow(
      /'\/no\/such\/key'.*NETWEAVE_KEY/,
    );
  });
});

describe('development', () => {
  test('makes a key beside the store, for its owner only, and keeps it', () => {
    const where = store();
    const first = hex(openKeys({ mode: 'development', store: where }));
    const made = join(where.file, '..', 'key');
    expect(statSync(made).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(where.file, '..'))).toEqual(['key']);
    const text = readFileSync(made, 'utf8');
    expect(hex(openKeys({ mode: 'development', store: where }))).toEqual(first);
    expect(readFileSync(made, 'utf8')).toBe(text);
  });

  test('makes none for a store that has one, and says what to do', () => {
    const where = store();
    const open = () => openKeys({ mode: 'development', store: where }, true);
    expect(open).toThrow(/^The key '.*\/state\/key' is missing, .*NETWEAVE_KEY.*`netweave key accept`/);
    expect(existsSync(join(where.file, '..'))).toBe(false);
  });

  test('writes nothing when the store is kept in memory', () => {
    const where = store(undefined, true);
    const first = hex(openKeys({ mode: 'development', store: where }));
    expect(hex(openKeys({ mode: 'development', store: where }))).not.toEqual(first);
    expect(existsSync(join(where.file, '..'))).toBe(false);
  });

  test('says why when the folder cannot be made', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(() => openKeys({ mode: 'development', store: store(join(file, 'store.db')) })).toThrow(
      /cannot be read or made: .*NETWEAVE_KEY/,
    );
  });

  test('does not replace a damaged key', () => {
    const where = store(join(folder(), 'store.db'));
    writeFileSync(join(where.file, '..', 'key'), 'half a k');
    expect(() => openKeys({ mode: 'development', store: where })).toThrow(/does not hold 32 bytes/);
  });
});
