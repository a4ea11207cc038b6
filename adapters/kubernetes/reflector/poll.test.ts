import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NativeEvent } from '../../contract.js';
import { kubernetesConfig } from '../config.js';
import { type Credentials, loadCredentials } from '../credentials.js';
import { readCluster, type SlimCluster } from '../natives/cluster.js';
import { type FakeApiServer, kubeconfigOf, startFakeApiServer } from '../testing/fake-api-server.js';
import { poll } from './poll.js';
import { createRequest } from './request.js';
import { type Timing, usualTiming } from './timing.js';

const impatient: Timing = { ...usualTiming, backoff: { first: 5, longest: 20, healthyAfter: 60_000 } };

let fake: FakeApiServer;
let folder: string;
let stop: AbortController;
let credentials: Credentials;

beforeEach(async () => {
  fake = await startFakeApiServer();
  folder = mkdtempSync(join(tmpdir(), 'netweave-poll-'));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfigOf(fake.url));
  credentials = await loadCredentials(kubernetesConfig.parse({ kubeconfig: join(folder, 'kubeconfig') }));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  credentials.close();
  await fake.close();
  rmSync(folder, { recursive: true });
});

/** What is told of the cluster, batch by batch; an upsert as its version. */
function follow(timing: Partial<Timing> = {}, every = 5) {
  const request = createRequest(credentials);
  const source = {
    kind: 'Cluster',
    identity: 'cluster',
    every,
    read: (signal: AbortSignal) => readCluster(request, signal, 5_000),
    log: () => undefined,
    timing: { ...impatient, ...timing },
  };
  return poll(source, stop.signal);
}

function told(event: NativeEvent): string {
  if (event.type === 'upsert') return `is ${(event.native as SlimCluster).version}`;
  return event.type === 'stale' ? `stale: ${event.reason}` : event.type;
}

async function next(batches: ReturnType<typeof follow>): Promise<readonly string[]> {
  const { value } = await batches.next();
  return value ? value.events.map(told) : [];
}

const list = (version: string) => ['begin', `is ${version}`, 'complete'];
const asked = (path: string) => fake.requests.filter((request) => request === `GET ${path}`).length;

test('the cluster is told once, and again when it has become another', async () => {
  const batches = follow();
  expect(await next(batches)).toEqual(list('v1.36.0'));
  const later = next(batches);
  const before = asked('/version');
  while (asked('/version') < before + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  fake.document('/version', { gitVersion: 'v1.37.0', platform: 'linux/amd64' });
  expect(await later).toEqual(list('v1.37.0'));
});

test.each([
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
])('a first answer of %i is told at once and once, and asked again until there is another', async (status, reason) => {
  fake.fail('any', status, reason, 6);
  const batches = follow();
  expect(await next(batches)).toEqual([`stale: fake: ${reason}`]);
  expect(await next(batches)).toEqual(['current', ...list('v1.36.0')]);
});

test.each([
  [403, 'Forbidden'],
  [404, 'NotFound'],
])('%i for what was read is told at once; what is known stays, and is not told again', async (status, reason) => {
  const batches = follow();
  expect(await next(batches)).toEqual(list('v1.36.0'));
  fake.fail('any', status, reason, 6);
  expect(await next(batches)).toEqual([`stale: fake: ${reason}`]);
  expect(await next(batches)).toEqual(['current']);
});

test('a fault that passes is told to nobody, one that lasts is', async () => {
  const batches = follow({ staleAfter: 60_000 });
  expect(await next(batches)).toEqual(list('v1.36.0'));
  fake.fail('any', 500, 'InternalError', 4);
  const passing = next(batches);
  const before = asked('/version');
  while (asked('/version') < before + 5) await new Promise((resolve) => setTimeout(resolve, 5));
  fake.document('/version', { gitVersion: 'v1.36.1', platform: 'linux/amd64' });
  expect(await passing).toEqual(list('v1.36.1'));
  stop.abort();

  stop = new AbortController();
  const lasting = follow({ staleAfter: 0 });
  expect(await next(lasting)).toEqual(list('v1.36.1'));
  fake.fail('any', 500, 'InternalError', 4);
  expect(await next(lasting)).toEqual(['stale: fake: InternalError']);
  expect(await next(lasting)).toEqual(['current']);
});

test.each([
  ['/version', 'no object', null],
  ['/apis', 'no groups', { kind: 'APIGroupList' }],
  ['/apis', 'groups without names', { groups: [null] }],
])('%s with %s does not end the watch', async (path, _, document) => {
  fake.document(path, document);
  const batches = follow();
  expect(await next(batches)).toEqual([expect.stringMatching(/^stale: ./)]);
  fake.document('/version', { gitVersion: 'v1.36.0', platform: 'linux/amd64' });
  fake.document('/apis', { groups: [{ name: 'apps' }] });
  expect(await next(batches)).toEqual(['current', ...list('v1.36.0')]);
});

test('an end in the midst of a pause ends it', async () => {
  const batches = follow({}, 600_000);
  expect(await next(batches)).toEqual(list('v1.36.0'));
  const waiting = next(batches);
  stop.abort();
  expect(await waiting).toEqual([]);
});
