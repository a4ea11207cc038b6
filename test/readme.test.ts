import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adapters } from '#adapters/index.js';
import { createLogger } from '#platform/logger.js';
import { configurationOf } from '#src/cli/start.js';
import { openGateway, type Gateway } from '#src/gateway/gateway.js';
import { until } from './gateway-under-test.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

/** A block of code that is to be run, and what it says it prints. */
interface Example {
  readonly language: string;
  readonly code: string;
  readonly prints: string | undefined;
}

const examples: readonly Example[] = [
  ...readme.matchAll(/^```(sh|ts)\n([^]*?)\n```\n+(?:<!-- prints: (.*) -->)?/gm),
].map(([, language, code, prints]) => ({ language: language!, code: code!, prints }));

let gateway: Gateway;
let folder: string;

/** The demonstration, as `npm start` runs it without any configuration, on a port of its own. */
beforeAll(async () => {
  gateway = await openGateway(
    configurationOf({ flags: { port: 0, memory: true }, env: { NETWEAVE_ACCESS_LOG_ENABLED: 'false' } }),
    createLogger({ mode: 'development', level: 'warn' }),
  );
  // In the clone, so that `netweave/client` is found as it is for whoever follows the README.
  mkdirSync(join(root, '.netweave'), { recursive: true });
  folder = mkdtempSync(join(root, '.netweave', 'readme-'));
  await until(() => gateway.progress().every(({ synced, of }) => synced === of));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await gateway.close();
});

async function printed({ language, code }: Example): Promise<string> {
  const here = code.replaceAll('http://127.0.0.1:8080', gateway.url);
  if (language === 'sh') return (await run('sh', ['-euc', here], { cwd: folder })).stdout;
  const [, file, command] = /Save this as `(\S+)` in the clone and run `([^`]+)`/.exec(readme)!;
  writeFileSync(join(folder, file!), here);
  return (await run(command!, { cwd: folder, shell: true })).stdout;
}

describe('the examples', () => {
  const titled = examples.map((example) => [example.language, example.code.split('\n')[0]!, example] as const);
  const shell = spawnSync('curl', ['--version']).status === 0 ? test : test.skip;

  test('are all there, and say what they print', () => {
    expect(examples.map(({ language }) => language)).toEqual(['sh', 'sh', 'sh', 'sh', 'sh', 'sh', 'ts']);
    for (const { code, prints } of examples) expect([code, prints]).toEqual([code, expect.stringMatching(/\S/)]);
  });

  for (const [language, title, example] of titled)
    (language === 'sh' ? shell : test)(`${language}: ${title}`, async () => {
      expect(await printed(example)).toContain(example.prints!);
    });
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
  // One more was made by an example; servers come and go.
  expect([Number(pools), Number(pools) + 1]).toContain(await count('resourcePools'));
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
