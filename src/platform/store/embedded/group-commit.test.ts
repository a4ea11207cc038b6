import { mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import { openFile, type Database } from './database.js';
import { GroupCommit } from './group-commit.js';

let folder: string;
let database: Database;
let commits: number;
let lost: Fault[];
let group: GroupCommit;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-group-'));
  lost = [];
  database = openFile(join(folder, 'store.db'), (why) => lost.push(why));
  commits = 0;
  group = new GroupCommit(database, () => (commits += 1));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function insert(at: string, entry = '{}'): Promise<number> {
  const statement = database.prepare('INSERT INTO audit (at, entry) VALUES (?, ?)');
  return group.write(() => Number(statement.run(at, entry).changes));
}
const kept = () =>
  database
    .prepare<{ at: string }>('SELECT at FROM audit ORDER BY seq')
    .all()
    .map(({ at }) => at);

test('what is asked for in one turn shares a commit, in order', async () => {
  expect(await Promise.all(['a', 'b', 'c'].map((at) => insert(at)))).toStrictEqual([1, 1, 1]);
  expect(commits).toBe(1);
  await insert('d');
  expect(commits).toBe(2);
  expect(kept()).toStrictEqual(['a', 'b', 'c', 'd']);
});

test('a long turn is committed in parts, so that others get theirs', async () => {
  const busy = () => {
    for (const end = performance.now() + 4; performance.now() < end;);
  };
  await Promise.all(Array.from({ length: 10 }, () => group.write(busy)));
  expect(commits).toBeGreaterThanOrEqual(3);
});

test('flush makes durable what waits', async () => {
  const waiting = insert('a');
  await group.flush();
  expect(kept()).toStrictEqual(['a']);
  expect(await waiting).toBe(1);
});

test('a full disk fails the whole group by name; with room again the next one is written', async () => {
  await insert('before');
  const [{ page_count: pages }] = database.prepare<{ page_count: number }>('PRAGMA page_count').all() as [
    { page_count: number },
  ];
  database.prepare(`PRAGMA max_page_count = ${pages + 2}`).get();
  const outcomes = await Promise.allSettled([insert('small'), insert('large', 'x'.repeat(1_000_000)), insert('after')]);
  expect(outcomes.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected', 'fulfilled']);
  expect(outcomes[0]).toMatchObject({
    reason: {
      code: 'UNAVAILABLE',
      message: 'The store cannot grow: the disk is full. Make room, nothing else is needed.',
    },
  });
  database.prepare('PRAGMA max_page_count = 1000000').get();
  await insert('large', 'x'.repeat(1_000_000));
  expect(kept()).toStrictEqual(['before', 'after', 'large']);
});

test('what comes while the disk is busy shares the next commit, and nobody reads what is not on disk', async () => {
  const first = insert('a');
  await new Promise((resolve) => setImmediate(resolve));
  const order: string[] = [];
  const read = database.read(kept).then((found) => order.push(`read ${found.join('')}`));
  void first.then(() => order.push('a is durable'));
  await Promise.all([insert('b'), insert('c'), read]);
  expect(order).toStrictEqual(['a is durable', 'read a']);
  expect(commits).toBe(2);
});

test.each(['before anything was written', 'after that'])(
  '%s: when the log of the file was removed nothing is answered any more, and the file stays as it is',
  async (when) => {
    const file = join(folder, 'store.db');
    if (when === 'after that') await insert('z');
    [commits, lost] = [0, []];
    const before = readFileSync(file);
    unlinkSync(join(folder, 'store.db-wal'));
    const failed = { code: 'UNAVAILABLE', message: expect.stringMatching(/was removed or replaced .* Start again/) };
    await expect(insert('a')).rejects.toMatchObject(failed);
    await expect(insert('b')).rejects.toMatchObject(failed);
    await expect(database.read(kept)).rejects.toMatchObject(failed);
    expect(commits).toBe(0);
    // Who ends the process is told which file it was, clients are not.
    expect(lost).toMatchObject([failed]);
    expect(lost[0]!.message).toContain(file);
    expect(await insert('c').catch(({ message }: Fault) => message)).not.toContain(folder);
    database.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  },
);

test('nor is anything when another file has come to have its name', async () => {
  const file = join(folder, 'store.db');
  await insert('a');
  renameSync(file, `${file}.moved`);
  writeFileSync(file, '');
  const failed = { code: 'UNAVAILABLE', message: expect.stringMatching(/was removed or replaced/) };
  await expect(insert('b')).rejects.toMatchObject(failed);
  expect(lost).toMatchObject([failed]);
  database.close();
});

test('what is patient does not hurry because the disk was busy when it came', async () => {
  const first = insert('a');
  await new Promise((resolve) => setImmediate(resolve));
  const patient = group.write(() => 'patient', true);
  await first;
  expect(commits).toBe(1);
  expect(await patient).toBe('patient');
  expect(commits).toBe(2);
});
