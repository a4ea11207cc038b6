import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { createClient, type Happened } from '#src/facades/trpc/client.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';
import { connectLive } from './live-client.js';

const simulators = { sim: { embedded: { seed: 9, size: 20, pools: 2, changesPerSecond: 0 } } };
const pools = '/netweave/v1/resourcePools';

async function makePool(gateway: GatewayUnderTest, name: string): Promise<string> {
  const body = { name, description: 'Made by a test' };
  const reply = await gateway.send(pools, { method: 'POST', body });
  expect(reply.status).toBe(201);
  return (JSON.parse(reply.text) as { position: string }).position;
}

/** Who resumes from a position that is lost is told so on every facade, and of what happens then. */
async function expectGap(gateway: GatewayUnderTest, since: string, reason: string): Promise<void> {
  const events = await listenTo(gateway, '', { headers: { 'Last-Event-ID': since } });
  const heard: Happened[] = [];
  const trpc = createClient({ url: `${gateway.url}/trpc` }).changes.watch.subscribe(
    { since },
    { onData: ({ data }) => void heard.push(data) },
  );
  const graphql = await connectLive(gateway);
  graphql.subscribe(
    'all',
    `subscription { changes(since: "${since}") { ... on Gap { reason position } ... on Change { position } } }`,
  );
  graphql.subscribe('pools', `subscription { resourcePoolChanged(since: "${since}") { position } }`);
  const ofAll = () =>
    graphql
      .of('all')
      .map((message) => (message as unknown as { payload: { data: { changes: object } } }).payload.data.changes);
  await until(() => [events.told('gap'), heard, ofAll(), graphql.of('pools')].every((told) => told.length > 0));
  const [gap] = events.told('gap');
  expect(gap!['reason']).toBe(reason);
  expect([heard[0], ofAll()[0]]).toEqual([gap, gap]);
  expect(graphql.of('pools')).toMatchObject([{ type: 'error', payload: [{ extensions: { code: 'GONE' } }] }]);

  const position = await makePool(gateway, `after ${reason}`);
  await until(() => events.told().length > 0 && heard.length > 1 && ofAll().length > 1);
  expect(events.told('gap')).toHaveLength(1);
  for (const told of [events.told()[0], heard[1], ofAll()[1]]) expect(told).toMatchObject({ position });
  trpc.unsubscribe();
  events.leave();
  graphql.socket.terminate();
}

test('a position that was trimmed away is a gap', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-gaps-'));
  const first = await openGatewayUnderTest({ simulators, folder });
  const since = await makePool(first, 'before');
  await makePool(first, 'missed');
  await first.close();
  const store = await openEmbeddedStore({ file: join(folder, 'store.db') });
  expect(await store.trim({ hours: 1e-9, bytes: 2 ** 40 })).toBeGreaterThan(0);
  await store.close();
  const second = await openGatewayUnderTest({ simulators, folder });
  await expectGap(second, since, 'TRIMMED');
  await second.close();
  expect([...first.logged, ...second.logged]).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('a position of a log that lost its end is a gap', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-gaps-'));
  const file = join(folder, 'store.db');
  const first = await openGatewayUnderTest({ simulators, folder });
  await first.close();
  copyFileSync(file, join(folder, 'copy.db'));
  const second = await openGatewayUnderTest({ simulators, folder });
  const since = await makePool(second, 'lost');
  await second.close();
  for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each, { force: true });
  copyFileSync(join(folder, 'copy.db'), file);
  const third = await openGatewayUnderTest({ simulators, folder });
  // Another entry at the place of the one that was lost.
  await makePool(third, 'instead');
  await expectGap(third, since, 'REWRITTEN');
  await third.close();
  rmSync(folder, { recursive: true });
});
