import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adapters } from '#adapters/index.js';
import { startProcess, type GatewayProcess } from './gateway-process.js';
import { openGatewayUnderTest, until } from './gateway-under-test.js';
import { freePort } from './peers/free-port.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

/** A block of code that is to be run, and what it says it prints. */
interface Example {
  readonly language: string;
  readonly code: string;
  readonly prints: string | undefined;
  /** Where it stands. */
  readonly at: number;
}

const examples: readonly Example[] = [
  ...readme.matchAll(/^```(sh|ts|js)\n([^]*?)\n```\n+(?:<!-- prints: (.*) -->)?/gm),
].map(({ 1: language, 2: code, 3: prints, index: at }) => ({ language: language!, code: code!, prints, at }));

let gateway: GatewayProcess;
let folder: string;
let port: number;
/** What runs in the background until all examples were run. */
const background: { readonly child: ChildProcess; readonly printed: () => string }[] = [];

/** The program that `npm start` runs, without any configuration, on a port of its own. */
beforeAll(async () => {
  // In the clone, so that `netweave/client` is found as it is for whoever follows the README.
  mkdirSync(join(root, '.netweave'), { recursive: true });
  port = await freePort();
  folder = mkdtempSync(join(root, '.netweave', 'readme-'));
  gateway = await startProcess(folder, '--memory', '--port', '0');
  await until(() => gateway.out.includes('is read.'));
});

afterAll(async () => {
  // The whole group: npm does not hand the signal on.
  for (const { child } of background) process.kill(-child.pid!, 'SIGTERM');
  gateway.signal('SIGTERM');
  expect([await gateway.ended, gateway.error]).toEqual([0, expect.stringContaining('Stopped.')]);
  rmSync(folder, { recursive: true });
});

const shown = (code: string, host = new URL(gateway.url).host) =>
  code.replaceAll('127.0.0.1:8080', host).replaceAll('9090', String(port));

/** Saves a program under the name, and gives the command, that stand above it. */
function saved({ code, at }: Example, host?: string): string {
  const named = readme.slice(0, at).matchAll(/Save this as `(\S+)` in the clone and run `([^`]+)`/g);
  const [, file, command] = [...named].at(-1)!;
  writeFileSync(join(folder, file!), shown(code, host));
  return command!;
}

async function printed(example: Example): Promise<string> {
  const command = example.language === 'sh' ? shown(example.code) : saved(example);
  return (await run('sh', ['-euc', command], { cwd: folder })).stdout;
}

/** Resolves when it listens. */
async function started(example: Example): Promise<void> {
  const child = spawn('sh', ['-c', saved(example)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  background.push({ child, printed: () => text });
  await until(() =>
    fetch(`http://127.0.0.1:${port}`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
}

/** A program that waits for somebody. */
const goesOn = ({ code }: Example): boolean => code.includes('.listen(');

describe('the examples', () => {
  const titled = examples.map((example) => [example.language, example.code.split('\n')[0]!, example] as const);
  const shell = spawnSync('curl', ['--version']).status === 0 ? test : test.skip;

  test('are all there, and say what they print', () => {
    expect(examples.map(({ language }) => language)).toEqual([
      'sh',
      'sh',
      'sh',
      'sh',
      'sh',
      'sh',
      'ts',
      'sh',
      'js',
      'ts',
      'js',
      'sh',
      'sh',
    ]);
    for (const { code, prints } of examples) expect([code, prints]).toEqual([code, expect.stringMatching(/\S/)]);
  });

  for (const [language, title, example] of titled)
    (language === 'sh' ? shell : test)(`${language}: ${title}`, async () => {
      if (goesOn(example)) await started(example);
      else expect(await printed(example)).toContain(example.prints!);
    });

  shell('what runs in the background has said what it prints', async () => {
    const { prints } = examples.find(goesOn)!;
    for (const each of background) await until(() => each.printed().includes(prints!));
  });
});

describe('those that follow what changes', () => {
  const following = examples.filter(({ code }) => /subscribe\(|iterate\(/.test(code));

  test('are two, of twenty lines at most', () => {
    const lines = following.map(({ code }) => code.split('\n').length);
    expect(lines).toHaveLength(2);
    expect(Math.max(...lines)).toBeLessThanOrEqual(20);
  });

  test('say that no gateway answers, and that they try again', async () => {
    for (const example of following) {
      const host = `127.0.0.1:${await freePort()}`;
      const child = spawn('sh', ['-c', saved(example, host)], { cwd: folder, detached: true, stdio: 'pipe' });
      let said = '';
      for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (said += String(chunk)));
      background.push({ child, printed: () => said });
      const attempts = new RegExp(`(Nothing answers at \\w+://${host}/\\w+; trying again\\.\\s+){2}`);
      await until(() => attempts.test(said));
    }
  });

  test('say that they were refused, and end', async () => {
    const guarded = await openGatewayUnderTest({ clients: { admin: { roles: ['admin'] } } });
    for (const example of following) {
      const command = saved(example, new URL(guarded.url).host);
      const said = await run('sh', ['-euc', command], { cwd: folder }).then(
        ({ stderr }) => stderr,
        (failed: { readonly stderr: string }) => failed.stderr,
      );
      expect(said).toMatch(/^(A valid bearer token is needed|.*401)/);
    }
    await guarded.close();
  });
});

test('an example that is not there is named, without a trace of Node', () => {
  const env = { ...process.env, INIT_CWD: folder };
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/run.mjs'), 'example', 'missing.ts'], {
    env,
  });
  expect([status, String(stderr)]).toEqual([2, `There is no file ${join(folder, 'missing.ts')}.\n`]);
});

test('the demonstration is what it is said to be', async () => {
  const base = `${gateway.url}/netweave/v1`;
  const count = async (collection: string) =>
    ((await (await fetch(`${base}/${collection}?first=1000`)).json()) as { readonly items: readonly unknown[] }).items
      .length;
  const [, size, pools, sites] = /about (\d+) servers, storage arrays and switches in (\d+) pools on (\d+) sites/.exec(
    readme,
  )!;
  expect(await count('oCloudSites')).toBe(Number(sites));
  // Two more were made by examples, and one of these deleted; servers come and go.
  expect([0, 1]).toContain((await count('resourcePools')) - Number(pools));
  expect(Math.abs((await count('resources')) - Number(size))).toBeLessThan(20);
});

test('the table of backends names every adapter', () => {
  const rows = [...readme.matchAll(/^\|\s*`([a-z0-9-]+)`\s*\|/gm)].map(([, type]) => type!);
  expect(rows.sort()).toEqual(adapters.map(({ type }) => type).sort());
});

test('every file it names is there', () => {
  const named = [...readme.matchAll(/`([\w./-]+\.(?:md|yaml|graphql)|(?:docs|config|openapi)\/)`/g)].map(
    ([, path]) => path!,
  );
  expect(named.length).toBeGreaterThan(5);
  // `netweave.yaml` is the reader's own.
  expect(named.filter((path) => path !== 'netweave.yaml' && !existsSync(join(root, path)))).toEqual([]);
});
