import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { formatPosition } from '#schema/position.js';
import { startChild } from './peers/child.js';
import { storeContract } from './store-contract.js';
import { collect, entry, eventually, find, readAll, writeOne } from './store-contract/fixtures.js';

const program = join(import.meta.dirname, 'store-contract', 'append-until-killed.js');
let folder: string;
let files = 0;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'netweave-store-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFile = () => join(folder, `${(files += 1)}`, 'store.db');

storeContract('embedded, in a file', async () => {
  const file = newFile();
  const store = await openEmbeddedStore({ file });
  const reopen = async () => {
    await store.close();
    return openEmbeddedStore({ file });
  };
  return { store, reopen };
});

// Memory has nothing to open again: its tests of a reopened store ask the same one.
storeContract('embedded, in memory', async () => {
  const store = await openEmbeddedStore({ memory: true });
  return { store, reopen: async () => store };
});

async function refusal(file: string): Promise<string> {
  const refused = await openEmbeddedStore({ file }).then(
    () => ({ code: 'opened', message: '' }),
    (error: unknown) => error as { code: string; message: string },
  );
  expect(refused.code).toBe('UNAVAILABLE');
  expect(refused.message).toContain(file);
  return refused.message;
}

describe('the file of an embedded store', () => {
  test('is readable by its owner alone', async () => {
    const file = newFile();
    const store = await openEmbeddedStore({ file });
    await writeOne(store, entry('created', 'a', {}));
    for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('belongs to one store at a time', async () => {
    const file = newFile();
    const store = await openEmbeddedStore({ file });
    expect(await refusal(file)).toContain('in use');
    // The refusal must not have freed the file for others.
    const other = spawnSync(process.execPath, [program, file, 'other'], { encoding: 'utf8', timeout: 15_000 });
    expect(other.stderr).toContain(`The store ${file} is in use`);
    expect(other.stdout).toBe('');
    await writeOne(store, entry('created', 'a', {}));
    await store.close();
    await (await openEmbeddedStore({ file })).close();
  });

  test('is refused when a newer release wrote it', async () => {
    const file = newFile();
    await (await openEmbeddedStore({ file })).close();
    const other = new DatabaseSync(file);
    other.exec('PRAGMA user_version = 999');
    other.close();
    expect(await refusal(file)).toContain('written by a newer netweave (schema 999');
  });

  test('is refused, and left alone, when it is of another program', async () => {
    const file = join(folder, 'other.db');
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE theirs (n INTEGER)');
    other.close();
    const before = readFileSync(file);
    expect(await refusal(file)).toContain('another program');
    expect(readFileSync(file)).toStrictEqual(before);
  });

  test('is refused when it is no database, a folder, or beneath a file', async () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'not a database, but long enough for a header. '.repeat(100));
    expect(await refusal(text)).toContain('not a netweave store');
    expect(await refusal(folder)).toContain('check that it is a file');
    expect(await refusal(join(text, 'store.db'))).toContain('what should be its folder is a file');
  });

  test('is refused when its folder is a link to what is not mounted', async () => {
    const link = join(folder, 'volume');
    symlinkSync(join(folder, 'not-mounted'), link);
    expect(await refusal(join(link, 'store.db'))).toContain('its folder leads nowhere');
  });

  test('is refused where no folder can be made', async () => {
    // Where there is no /proc, there it cannot be made either, or may not.
    expect(await refusal('/proc/x/store.db')).toMatch(/its folder leads nowhere|permission|cannot be written/);
  });

  test('is refused when its end is missing', async () => {
    const file = newFile();
    const store = await openEmbeddedStore({ file });
    for (let batch = 0; batch < 20; batch += 1)
      await writeOne(store, entry('created', `${batch}`, { pad: 'x'.repeat(4000) }));
    await store.close();
    truncateSync(file, Math.floor(statSync(file).size / 2));
    expect(await refusal(file)).toContain('damaged');
  });

  test('of the first release learns the size of its audit', async () => {
    const file = newFile();
    await (await openEmbeddedStore({ file })).close();
    const first = new DatabaseSync(file);
    first.exec('ALTER TABLE audit DROP COLUMN total; PRAGMA user_version = 1');
    const told = first.prepare('INSERT INTO audit (at, entry) VALUES (?, ?)');
    for (let each = 0; each < 4; each += 1) told.run(new Date().toISOString(), 'ü'.repeat(500));
    first.close();
    const store = await openEmbeddedStore({ file });
    expect(await store.trimAudit({ days: 1, bytes: 2500 })).toBe(2);
    await store.close();
  });

  test('keeps what the audit was told', async () => {
    const file = newFile();
    const store = await openEmbeddedStore({ file });
    const told = {
      at: '2026-01-01T00:00:00.000Z',
      requestId: 'r1',
      principal: 'p',
      tenant: 't1',
      operation: 'o',
      stage: 'intent',
    } as const;
    await store.appendAudit(told);
    await store.close();
    const rows = new DatabaseSync(file).prepare('SELECT at, entry FROM audit').all();
    expect(rows.map(({ at, entry: text }) => [at, JSON.parse(text as string)])).toStrictEqual([[told.at, told]]);
  });

  test('opened again holds no lease of before, and never gives an epoch twice', async () => {
    const file = newFile();
    const store = await openEmbeddedStore({ file });
    const before = (await store.lease('watch/east', 'me', 60_000))!;
    await store.close();
    const again = await openEmbeddedStore({ file });
    expect(await again.append({ entries: [], fence: before })).toStrictEqual({ outcome: 'fenced' });
    expect((await again.lease('watch/east', 'you', 60_000))!.epoch).toBeGreaterThan(before.epoch);
    await again.close();
  });
});

test('a place in the log of an earlier memory is rewritten', async () => {
  const before = await openEmbeddedStore({ memory: true });
  const place = await writeOne(before, entry('created', 'a', {}));
  await before.close();
  const store = await openEmbeddedStore({ memory: true });
  await writeOne(store, entry('created', 'a', {}));
  expect(await store.read(place, 10)).toStrictEqual({ outcome: 'rewritten' });
  await store.close();
});

describe('after kill -9', () => {
  test('everything acknowledged is there, nothing is there by half, and the file is free', async () => {
    const file = newFile();
    const acknowledged = new Map<string, string>();
    for (const run of ['first', 'second', 'third']) {
      const logFile = join(folder, `${run}.log`);
      const child = startChild(process.execPath, [program, file, run], logFile);
      const lines = () => readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
      await eventually(async () => {
        if (!child.alive) throw new Error(`The child ended by itself; ${child.logTail()}`);
        return lines().length > 200 || undefined;
      });
      expect(await refusal(file)).toContain('in use');
      await child.kill();
      for (const line of lines().filter((text) => text !== 'open')) {
        const [position, pair] = line.split(' ') as [string, string];
        acknowledged.set(pair, position);
      }
    }
    expect(acknowledged.size).toBeGreaterThan(600 - 3);

    const store = await openEmbeddedStore({ file });
    const changes = await readAll(store, undefined, 200_000);
    const tags = new Map(changes.map(({ id, position }) => [id, position]));
    for (const [pair, position] of acknowledged) {
      expect(formatPosition(tags.get(`${pair}-right`)!)).toBe(position);
      expect(await find(store, `${pair}-left`)).toBeDefined();
    }
    expect(changes.filter(({ id }) => id.endsWith('left'))).toHaveLength(changes.length / 2);
    const objects = await collect((await store.snapshot()).objects);
    expect(objects.map(({ id }) => id).sort()).toStrictEqual([...tags.keys()].sort());
    for (const run of ['first', 'second', 'third']) {
      const last = changes.findLast(({ id }) => id.startsWith(run))!;
      expect(await store.cursorOf(run)).toStrictEqual({ n: `${last.after!.value.n as number}` });
    }
    await store.close();
  });
});
