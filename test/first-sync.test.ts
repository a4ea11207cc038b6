import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { kinds } from '#adapters/simulator/o-cloud/api.js';
import { loadConfiguration } from '#platform/config/load.js';
import { createLogger } from '#platform/logger.js';
import { adapterModels } from '#src/gateway/adapter-models.js';
import { openGateway } from '#src/gateway/gateway.js';
import { startOClouds } from './fleet.js';
import { startProcess } from './gateway-process.js';
import { configurationOf, until } from './gateway-under-test.js';

jest.setTimeout(60_000);

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

/** Stands in front of an O-Cloud and passes a list on when it is let. */
async function startSlowOCloud(upstream: string) {
  const held: (() => void)[] = [];
  const server = createServer((request, response) => {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const pass = async (): Promise<void> => {
      const answer = await fetch(upstream + request.url!, { signal: left.signal });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! }).flushHeaders();
      for await (const chunk of answer.body!) response.write(chunk);
      response.end();
    };
    const passed = () => void pass().catch(() => response.destroy());
    if (kinds.some((kind) => request.url === `/v1/${kind}`)) held.push(passed);
    else passed();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async letOne() {
      await until(() => held.length > 0);
      held.shift()!();
    },
  };
}

test('how far a backend has been read is printed whenever it has changed, until all is read', async () => {
  const { sim } = await startOClouds(['sim']);
  ends.push(() => sim.close());
  const slow = await startSlowOCloud(sim.url);
  const folder = mkdtempSync(join(tmpdir(), 'netweave-first-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'gateway.yaml');
  const backends = [{ key: 'slow', type: 'simulator', options: { url: slow.url, idleTimeout: 60_000 } }];
  writeFileSync(config, configurationOf({ backends }));
  const gateway = await startProcess(folder, '--config', config);
  ends.push(() => gateway.signal('SIGKILL'));
  const said = () => [...gateway.out.matchAll(/^Backend slow.*$/gm)].map(([line]) => line);
  await until(() => said().includes('Backend slow: 0 of 6 kinds read.'));
  for (const _ of ['sites', 'models']) await slow.letOne();
  // Of sites come two objects of O2.
  await until(() => said().includes('Backend slow: 3 of 6 kinds read.'));
  for (const _ of ['pools', 'equipment', 'clusters']) await slow.letOne();
  await until(() => said().at(-1) === 'Backend slow is read.');
  expect(new Set(said()).size).toBe(said().length);
});

test('a gateway is ready once a first read of every backend was tried, and no longer when it goes away', async () => {
  const oClouds = await startOClouds(['good', 'hanging']);
  for (const { close } of Object.values(oClouds)) ends.push(close);
  oClouds.hanging.fault({ hang: true });
  const backends = Object.entries(oClouds).map(([key, { url }]) => ({ key, type: 'simulator', options: { url } }));
  const logger = createLogger({ mode: 'development', level: 'silent' });
  const gateway = await openGateway(loadConfiguration({ text: configurationOf({ backends }), adapterModels }), logger);
  ends.push(() => gateway.close());
  const ready = async () => {
    const reply = await fetch(`${gateway.url}/readyz?verbose`);
    return [reply.status, reply.headers.get('retry-after'), (await reply.text()).split('\n').slice(1, -1)];
  };
  const read = ({ instance }: { readonly instance: string }) => instance === 'good';
  await until(() =>
    gateway
      .progress()
      .filter(read)
      .every(({ synced, of }) => synced === of),
  );
  const good = '[+] backend good: 6 of 6 kinds current';
  expect(await ready()).toEqual([
    503,
    '1',
    [good, expect.stringMatching(/^\[-\] backend hanging: 0 of \d+ kinds current$/), 'not ready'],
  ]);

  oClouds.hanging.fault({ status: 500 });
  await until(async () => (await ready())[0] === 200);
  expect(await ready()).toEqual([
    200,
    null,
    [good, expect.stringMatching(/^\[-\] backend hanging: 0 of \d+ kinds current \(.+\)$/), 'ok'],
  ]);

  const gone = gateway.leave();
  expect(await ready()).toEqual([503, '1', [good, expect.any(String), 'not ready']]);
  await gone;
});
