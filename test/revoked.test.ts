import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { startProcess, type GatewayProcess } from './gateway-process.js';
import { until } from './gateway-under-test.js';

// A process takes a second of one processor to start, of which there may be few.
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'netweave-revoked-'));
const file = join(folder, 'netweave.yaml');
let gateway: GatewayProcess | undefined;
afterAll(async () => {
  gateway?.signal('SIGKILL');
  await gateway?.ended;
  rmSync(folder, { recursive: true });
});

function listing(...clients: readonly string[]): void {
  const tokens = clients.map((name) => {
    const sha256 = createHash('sha256').update(`${name}-token`).digest('hex');
    return `  - { name: ${name}, sha256: ${sha256}, roles: [reader] }\n`;
  });
  writeFileSync(file, `listen: { port: 0 }\nstore: { memory: true }\ntokens:\n${tokens.join('')}`);
}

const as = (name: string) => ({ headers: { Authorization: `Bearer ${name}-token` } });
const pools = '/o2ims-infrastructureInventory/v2/resourcePools';

test('who is taken out of the file is refused after SIGHUP, and its streams end; a file with a fault changes nothing', async () => {
  listing('leaver', 'stayer');
  gateway = await startProcess(folder, '--config', file);
  const { url, signal } = gateway;
  const streamOf = async (name: string) => {
    const { body, status } = await fetch(`${url}/events`, as(name));
    expect(status).toBe(200);
    const reader = body!.getReader();
    const stream = { ended: false, cancel: () => reader.cancel() };
    const read = (): Promise<void> => reader.read().then(({ done }) => (done ? void (stream.ended = true) : read()));
    read().catch(() => (stream.ended = true));
    return stream;
  };
  const statusOf = async (name: string) => (await fetch(url + pools, as(name))).status;
  const [leaving, staying] = await Promise.all([streamOf('leaver'), streamOf('stayer')]);
  expect(await Promise.all(['leaver', 'stayer', 'newcomer'].map(statusOf))).toEqual([200, 200, 401]);

  listing('stayer', 'newcomer');
  signal('SIGHUP');
  await until(() => gateway!.error.includes('Tokens and roles were read again.'));
  expect(await Promise.all(['leaver', 'stayer', 'newcomer'].map(statusOf))).toEqual([401, 200, 200]);
  await until(() => leaving.ended);
  expect(staying.ended).toBe(false);

  writeFileSync(file, 'tokens: [{ name: nobody }]\n');
  signal('SIGHUP');
  await until(() => gateway!.error.includes('tokens and roles stay as they were'));
  expect(gateway.error).toContain('tokens[0].sha256');
  expect(await Promise.all(['leaver', 'stayer', 'newcomer'].map(statusOf))).toEqual([401, 200, 200]);
  await staying.cancel();
});
