import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatPosition } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { instance, type FakeBackend } from './testing/fake-backend.js';
import { changesIn, openHouse, replayed, shownBy, type House } from './testing/house.js';
import { backendOf } from './testing/killed.js';
import { everything } from './testing/rows.js';

let folder: string;
let file: string;
let lines: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-kill-'));
  [file, lines] = [join(folder, 'store.db'), join(folder, 'backend')];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Places where a gateway dies, and how often it passes them before. */
const points: readonly (readonly [string, number])[] = [
  ['before a note of what is complete', 1],
  ['after a note of what is complete', 1],
  ['before an append', 2],
  ['after an append', 5],
  ['at a snapshot', 1],
  ['after the backend has written', 7],
  ['after a write is stored', 9],
  ['after a write is acknowledged', 20],
  ['before an append', 25],
  ['after an append', 30],
];

/** Runs a gateway until it dies; answers what it acknowledged: id and version (`gone` for a deletion). */
function dies(point: string, count: number): readonly (readonly [string, string])[] {
  const program = join(import.meta.dirname, 'testing', 'killed.js');
  const { stdout, stderr, signal } = spawnSync(process.execPath, [program, file, lines, point, `${count}`], {
    encoding: 'utf8',
  });
  expect({ point, stderr, signal }).toEqual({ point, stderr: '', signal: 'SIGKILL' });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [id, shown, version] = line.split(' ') as [string, string, string];
      // What was acknowledged was to be read at once, or something later.
      if (version !== 'gone' && shown !== 'gone') expect(Number(shown)).toBeGreaterThanOrEqual(Number(version));
      return [id, version] as const;
    });
}

async function synchronised(house: House): Promise<void> {
  while (house.coverage.progress().some(({ synced, of }) => synced < of)) await nextTurn();
}

/** All that an ETag is made of: positions of objects and of lists. */
function etags(house: House): readonly string[] {
  const rows = house.rows().map(({ id, position }) => `${id} ${formatPosition(position)}`);
  const pools = house.view.kind('ResourcePool').unordered.flatMap((row) => row?.id ?? []);
  const lists = [undefined, ...pools].map(
    (pool) => `${pool} ${formatPosition(house.view.mark(everything, 'Resource', pool))}`,
  );
  return [...rows, ...lists].toSorted();
}

/** One start of a gateway on the store, until it has read its backend. */
async function started<T>(backend: FakeBackend, look: (house: House) => T | Promise<T>, projection = 'p1'): Promise<T> {
  const store = await openEmbeddedStore({ file });
  const house = await openHouse(store, backend, { reading: 'watch', projection });
  await synchronised(house);
  await house.view.reached(await store.head());
  const seen = await look(house);
  await house.close();
  await store.close();
  return seen;
}

test('a gateway that is killed wherever it stands loses nothing it has acknowledged', async () => {
  const acknowledged = points.flatMap(([point, count]) => dies(point, count));
  expect(acknowledged.length).toBeGreaterThan(30);
  const backend = backendOf(lines);
  await started(backend, (house) => expect(shownBy(house.rows())).toEqual(backend.expected()));
  const store = await openEmbeddedStore({ file });
  expect(await replayed(store)).toEqual(backend.expected());
  const logged = new Set(
    (await changesIn(store)).map(({ id, after }) => `${id} ${String(after?.value['description'] ?? 'gone')}`),
  );
  expect(acknowledged.filter(([id, version]) => !logged.has(`${id} ${version}`))).toEqual([]);
  expect((await store.get('instance', instance))?.value['synced']).toEqual(
    expect.arrayContaining(['Resource', 'ResourcePool']),
  );
  await store.close();
});

test('twenty starts on its store write nothing, and every ETag stays', async () => {
  const backend = backendOf(lines);
  const before = await started(backend, etags);
  const head = async () => {
    const store = await openEmbeddedStore({ file });
    const position = await store.head();
    await store.close();
    return position;
  };
  const place = await head();
  for (let start = 0; start < 20; start += 1) expect(await started(backend, etags)).toEqual(before);
  expect(await head()).toEqual(place);
});

test('a release that projects otherwise restates, and writes nothing else', async () => {
  const backend = backendOf(lines);
  const older = await openEmbeddedStore({ file });
  const from = (await changesIn(older)).length;
  await older.close();
  backend.described = 'in other words: ';
  await started(backend, (house) => expect(shownBy(house.rows())).toEqual(backend.expected()), 'p2');
  const store = await openEmbeddedStore({ file });
  const written = (await changesIn(store)).slice(from).map(({ change }) => change);
  expect(written.length).toBe(Object.keys(backend.expected()).length);
  expect(new Set(written)).toEqual(new Set(['restated']));
  await store.close();
});
