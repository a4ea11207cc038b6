import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, jest, test } from '@jest/globals';

// Each test runs jest once more.
jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../../scripts/run.mjs');
const cache = mkdtempSync(join(tmpdir(), 'netweave-suites-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** `npm test` of the suites in a folder beside this file: how it ends, and what it says. */
async function npmTest(folder: string, ...options: readonly string[]) {
  const match = ['--testMatch', `**/dist/test/suites/${folder}/*.js`];
  // What jest remembers of earlier runs decides whether it begins workers.
  const argv = [program, 'test', ...match, '--cacheDirectory', cache, ...options];
  const env = { ...process.env, NETWEAVE_TEST_LONGEST_SUITE: '4000' };
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await once(child, 'close')) as [number];
  const [output, error] = await said;
  const [closing, before] = output.trimEnd().split('\n').toReversed();
  return { status, before, closing, error };
}

test('suites that fail, cannot be loaded, or end their process are counted, each as one', async () => {
  const { status, closing, error } = await npmTest('broken', '--maxWorkers', '2');
  const broken = [...error.matchAll(/^FAIL dist\/test\/suites\/broken\/(\w+)\.js/gm)].map(([, name]) => name!);
  expect([...new Set(broken)].sort()).toEqual(['assertion', 'exit', 'killed', 'load', 'rejection', 'timeout']);
  expect([status, closing]).toEqual([1, '0 passed, 6 failed']);
});

test('what was skipped is named on the line before the last', async () => {
  const { status, before, closing } = await npmTest('skipping', '--runInBand');
  expect([status, before, closing]).toEqual([
    0,
    '1 skipped: without a program that lacks: asks it',
    '1 passed, 0 failed',
  ]);
});

test('suites that never end are ended, and where they were is said', async () => {
  const { status, closing, error } = await npmTest('endless', '--maxWorkers', '2');
  expect([status, closing]).toEqual([1, '0 passed, 2 failed']);
  for (const [suite, where] of [
    ['spins', /look 1\n {4}spins \S+\/spins\.js:\d+\n/],
    ['waits', /It waits/],
  ] as const) {
    const [, said] = error.split(`endless/${suite}.js did not end in 4 s:`);
    expect(said).toMatch(where);
  }
});

test('a suite that ends the only process there is ends its test, and not the run', async () => {
  const { status, closing, error } = await npmTest('broken', '--runInBand', 'broken/exit');
  expect([status, closing]).toEqual([1, '0 passed, 1 failed']);
  expect(error).toContain('A suite called process.exit(0)');
});

test('a suite finds nothing of what another left in the same process', async () => {
  const { status, closing, error } = await npmTest('neighbours', '--runInBand');
  expect([status, closing, error]).toEqual([0, '4 passed, 0 failed', expect.any(String)]);
});
