import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { run } from '#src/cli/run.js';
import { startProcess } from './gateway-process.js';
import { configurationOf, openGatewayUnderTest, until, type Setup } from './gateway-under-test.js';

const subscriptions = '/netweave/v1/inventorySubscriptions';

async function receiver() {
  const received: { readonly text: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push({ text, headers: request.headers });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, received, close: () => new Promise((resolve) => server.close(resolve)) };
}

test('a store is of one key: with another nothing starts before the loss is accepted, and then consumers go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-key-'));
  const callback = await receiver();
  const simulators = { sim: { embedded: { seed: 3, size: 20, pools: 4, changesPerSecond: 0 } } };
  const setUp = (fill: number): Setup => ({
    folder,
    simulators,
    yaml: `callbacks: { test: "off" }\nkey: ${Buffer.alloc(32, fill).toString('base64')}`,
  });
  const config = join(folder, 'gateway.yaml');
  const command = async (line: string) => {
    let said = '';
    const terminal = { out: (text: string) => void (said += text), error: (text: string) => void (said += text) };
    return { code: await run([...line.split(' '), '--config', config], {}, terminal), said };
  };
  let gateway = await openGatewayUnderTest(setUp(1));
  try {
    const made = await gateway.send(subscriptions, { method: 'POST', body: { callback: callback.url } });
    const { id } = JSON.parse(made.text) as { readonly id: string };
    await gateway.close();
    gateway = await openGatewayUnderTest(setUp(1));
    await gateway.close();

    writeFileSync(config, configurationOf(setUp(2)));
    const refused = await startProcess(folder, '--config', config);
    expect(await refused.ended).toBe(4);
    expect(refused.error).toMatch(/^The store .*store\.db is of another key .*NETWEAVE_KEY.*`netweave key accept`/);
    expect(refused.error).not.toMatch(/^ {4}at /m);

    const accepted = await command('key accept');
    expect(accepted).toEqual({
      code: 0,
      said: expect.stringContaining('The secrets of 1 subscription were of another'),
    });
    expect(accepted.said).toContain(id);
    expect((await command('key accept')).said).toContain('Nothing was lost.');

    gateway = await openGatewayUnderTest(setUp(2));
    const rotated = await gateway.send(`${subscriptions}/${id}/rotateSecret`, { method: 'POST', body: {} });
    const { signingSecret } = JSON.parse(rotated.text) as { readonly signingSecret: string };
    await gateway.send('/netweave/v1/resourcePools', { method: 'POST', body: { name: 'after', description: '' } });
    await until(() => callback.received.some(({ text }) => text.includes('after')));
    const { text, headers } = callback.received.find((each) => each.text.includes('after'))!;
    expect(() => new Webhook(signingSecret).verify(text, headers as Record<string, string>)).not.toThrow();
    const audit = await gateway.send('/netweave/v1/audit');
    expect(audit.text).toContain('key.accept');
  } finally {
    await gateway.close();
    await callback.close();
    rmSync(folder, { recursive: true });
  }
});
