import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backupIn, BackupWriter } from './backup-file.js';

const header = { format: 1, version: '0.1.0', oCloudId: 'o', schemas: { deadLetter: 1 }, key: 'k' };
const documents = ['{"a":"ä"}', '{"b":[1,2]}', '{"c":null}'];

let folder: string;
let file: string;
let bytes: Buffer;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-backup-'));
  file = join(folder, 'backup');
  const writer = new BackupWriter(file, header);
  for (const each of documents) writer.add(each);
  writer.finish();
  bytes = readFileSync(file);
});
afterAll(() => rmSync(folder, { recursive: true }));

const refused = expect.objectContaining({ code: 'INVALID', message: expect.stringContaining('Nothing was restored.') });

describe('a backup file', () => {
  test('holds what was written, for its owner alone', () => {
    const read = backupIn(readFileSync(file), file);
    expect([read.header, read.documents, [...read.lines()]]).toEqual([header, 3, documents]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('names itself, unless an older gateway gave it no name', () => {
    const named = join(folder, 'named');
    new BackupWriter(named, { ...header, backupId: 'b' }).finish();
    expect(backupIn(readFileSync(named), named).header).toEqual({ ...header, backupId: 'b' });
    rmSync(named);
  });

  test('of nothing is one too', () => {
    const empty = join(folder, 'empty');
    new BackupWriter(empty, header).finish();
    expect([...backupIn(readFileSync(empty), empty).lines()]).toEqual([]);
  });

  test('is refused with any byte changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= flip;
        expect(() => backupIn(changed, 'f')).toThrow(refused);
      }),
      { numRuns: 2000 },
    );
  });

  test('is refused cut off anywhere, and with anything behind it', () => {
    for (let end = 0; end < bytes.length; end += 1)
      expect(() => backupIn(bytes.subarray(0, end), 'f')).toThrow(refused);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (more) => {
        expect(() => backupIn(Buffer.concat([bytes, more]), 'f')).toThrow(refused);
      }),
    );
  });

  test('that is abandoned leaves nothing, and what stood there stays', () => {
    const writer = new BackupWriter(file, header);
    writer.add('{}');
    writer.abandon();
    expect([readFileSync(file).equals(bytes), readdirSync(folder).sort()]).toEqual([true, ['backup', 'empty']]);
  });

  test('takes the place of an earlier one, and of nothing else', () => {
    const place = mkdtempSync(join(tmpdir(), 'netweave-backup-'));
    const at = join(place, 'nightly');
    const write = (of: object) => new BackupWriter(at, { ...header, ...of }).finish();
    const says = (text: RegExp) =>
      expect.objectContaining({ code: 'UNAVAILABLE', message: expect.stringMatching(text) });
    write({});
    write({ version: '0.2.0' });
    expect(readFileSync(at, 'utf8')).toContain('0.2.0');
    expect(() => write({ oCloudId: 'another' })).toThrow(says(/backup of another O-Cloud \(o\)\. Nothing was written/));
    writeFileSync(at, 'a key');
    expect(() => write({})).toThrow(says(/is there, and is no backup\. Nothing was written/));
    expect(readFileSync(at, 'utf8')).toBe('a key');
    rmSync(at);
    mkdirSync(at);
    expect(() => write({})).toThrow(says(/nightly cannot be written \(EISDIR/));
    expect(readdirSync(place)).toEqual(['nightly']);
    rmSync(place, { recursive: true });
  });
});
