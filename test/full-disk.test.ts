import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from './gateway-under-test.js';

// A process takes a second of one processor to start, of which there may be few.
jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../src/main.js');
let folder: string;
let child: ChildProcess;
let out: string;
let error: string;
let url: string;

/** A gateway that may make no file longer than 1 or 2 MiB, as the shell counts: its store can grow no more then. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-full-'));
  const config = `listen: { port: 0 }
accessLog: { enabled: false }
store: { file: ./store.db }
backends: [{ key: sim, type: simulator, options: { embedded: { seed: 4, size: 20, changesPerSecond: 0 } } }]
`;
  writeFileSync(join(folder, 'gateway.yaml'), config);
  const args = ['--disable-warning=ExperimentalWarning', program, 'start', '--config', 'gateway.yaml'];
  const limited = ['-c', 'ulimit -f 2048; exec "$0" "$@"', process.execPath, ...args];
  child = spawn('sh', limited, { cwd: folder, env: { PATH: process.env['PATH'] } });
  [out, error] = ['', ''];
  child.stdout!.on('data', (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => void (error += chunk.toString()));
  await until(() => out.includes('is read.') || child.exitCode !== null);
  expect(error).toBe('');
  url = /(?<=ready at )http\S+/.exec(out)![0];
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

test('where the store cannot be written clients get 503 without its place, and the operator one line for all of them', async () => {
  const pools = `${url}/netweave/v1/resourcePools`;
  const make = async (n: number) => {
    const body = JSON.stringify({ name: `made-${n}`, description: 'x'.repeat(2000) });
    const reply = await fetch(pools, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    return { status: reply.status, said: await reply.text() };
  };
  let made = 0;
  while ((await make(made)).status === 201) made += 1;
  expect(made).toBeGreaterThan(0);
  const refused = await Promise.all(Array.from({ length: 10 }, (_, n) => make(made + n)));
  // What still fits is written.
  const [full, other] = [
    refused.filter(({ status }) => status === 503),
    refused.filter(({ status }) => status !== 503),
  ];
  expect(full.length).toBeGreaterThan(0);
  expect(other.map(({ status }) => status)).toEqual(other.map(() => 201));
  for (const { said } of full) expect(said).not.toMatch(/store\.db|netweave-full-/);
  expect((await fetch(pools)).status).toBe(200);
  await until(() => (out + error).includes('takes no writes'));
  const lines = (out + error).split('\n');
  const about = (text: string) => lines.filter((line) => line.includes(text));
  expect(about('The store takes no writes')).toEqual([expect.stringContaining('the disk reported an error')]);
  expect(about('nobody foresaw')).toEqual([]);
});
