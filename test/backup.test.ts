import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BackupPage } from '#schema/backup.js';
import { selfSigned } from '#platform/testing/self-signed.js';
import { run } from '#src/cli/run.js';
import { judges, setUp, survivesLoss } from './backup-story.js';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

test('what the gateway owns survives the loss of its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-backed-up-'));
  await survivesLoss(setUp({ folder }), async () => setUp({}));
  rmSync(folder, { recursive: true });
});

test('what stands differently, and what is foreign, is refused', () =>
  judges((folder, fill) => setUp({ folder }, fill)));

test('a backup has one name on all of its pages, and another one another', async () => {
  const gateway = await openGatewayUnderTest(setUp({}));
  const page = async (after?: string) => {
    const behind = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
    const { status, text } = await gateway.send(`/netweave/v1/backup?first=1${behind}`, { as: 'admin' });
    expect(status).toBe(200);
    return JSON.parse(text) as BackupPage;
  };
  const whole = async () => {
    const pages = [await page()];
    for (let { next } = pages[0]!; next !== undefined; { next } = pages.at(-1)!) pages.push(await page(next));
    const names = new Set(pages.map(({ header }) => header.backupId));
    return { names: [...names], lines: pages.flatMap(({ lines }) => lines), next: pages[0]!.next! };
  };
  for (const path of ['a', 'b', 'c'])
    await gateway.send('/netweave/v1/inventorySubscriptions', {
      as: 'admin',
      method: 'POST',
      body: { callback: `http://127.0.0.1:9/${path}` },
    });
  const [one, other] = [await whole(), await whole()];
  expect([one.names, new Set(one.lines).size]).toEqual([[expect.any(String)], 3]);
  expect(other.names).not.toEqual(one.names);
  // As a former release wrote it: read on, the rest has no name.
  const rest = await page(one.next.split('/')[0]);
  expect([rest.lines, rest.header]).toEqual([
    [one.lines[1]],
    expect.not.objectContaining({ backupId: expect.anything() }),
  ]);
  await gateway.close();
});

async function command(line: string, env: Record<string, string> = {}) {
  let [out, error] = ['', ''];
  const terminal = { out: (text: string) => void (out += text), error: (text: string) => void (error += text) };
  const code = await run(line.split(' '), { NETWEAVE_TOKEN: 'admin', ...env }, terminal);
  return { code, out, error };
}

test('a gateway that is not there is named, with what to do', async () => {
  const { code, error } = await command('backup /nowhere/backup --url http://127.0.0.1:9');
  expect([code, error]).toEqual([5, expect.stringMatching(/No gateway answers at http:\/\/127\.0\.0\.1:9 .*--url/)]);
});

describe('without --url the gateway is the one of the configuration', () => {
  let folder: string;
  let gateway: GatewayUnderTest;
  let port: string;
  const { certificate, key } = selfSigned('o2.example.com', 30, ['o2.example.com']);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'netweave-backed-up-'));
    writeFileSync(join(folder, 'tls.crt'), certificate);
    writeFileSync(join(folder, 'tls.key'), key);
    const tls = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
    const plain = setUp({});
    gateway = await openGatewayUnderTest({ ...plain, yaml: `${plain.yaml}\ntls: ${JSON.stringify(tls)}` });
    port = new URL(gateway.url).port;
    writeFileSync(join(folder, 'tls.yaml'), `tls: ${JSON.stringify(tls)}\nlisten: { port: ${port} }\n`);
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  test('by its port, its TLS and whatever outranks the file; which one it was is said', async () => {
    const tls = `--config ${join(folder, 'tls.yaml')}`;
    const backup = join(folder, 'backup');
    const said = await command(`backup ${backup} ${tls}`);
    expect(said).toMatchObject({ code: 0, error: '' });
    expect(said.out).toMatch(new RegExp(`^0 documents of O-Cloud \\S+ at https://127\\.0\\.0\\.1:${port} are in `));
    const restored = await command(`restore ${backup}`, { NETWEAVE_CONFIG: join(folder, 'tls.yaml') });
    expect(restored.out).toContain(` to https://127.0.0.1:${port}: 0 subscriptions created`);
    for (const [line, env] of [
      [`backup ${backup} ${tls} --port 9`, {}],
      [`backup ${backup} ${tls}`, { NETWEAVE_LISTEN_PORT: '9' }],
      [`restore ${backup} --replace ${tls} --port 9`, {}],
    ] as const)
      expect(await command(line, env)).toMatchObject({
        code: 5,
        error: expect.stringContaining('https://127.0.0.1:9 '),
      });
  });

  test('with --url what answers must be trusted, and how that is done is said', async () => {
    const { code, error } = await command(`backup ${join(folder, 'backup')} --url ${gateway.url}`);
    expect([code, error]).toEqual([5, expect.stringMatching(/certificate that is not trusted .*NODE_EXTRA_CA_CERTS/)]);
    expect(error).not.toContain('No gateway answers');
  });

  test('unless its port is another at every start', async () => {
    expect(await command('backup b --port 0')).toMatchObject({ code: 5, error: expect.stringContaining('--url') });
  });

  test('a file that cannot be written is named, without a stack', async () => {
    const { code, error } = await command(`backup /nope/dir/b.json --config ${join(folder, 'tls.yaml')}`);
    expect([code, error]).toEqual([
      5,
      expect.stringMatching(/^\/nope\/dir\/b\.json cannot be written \(ENOENT.*\)\.\n$/),
    ]);
  });
});
