import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { NativeEvent } from '../../contract.js';
import { kubernetesConfig } from '../config.js';
import { loadCredentials } from '../credentials.js';
import { type FakeApiServer, kubeconfigOf, startFakeApiServer } from '../testing/fake-api-server.js';
import { reflect } from './reflector.js';
import { createRequest } from './request.js';
import type { Identified } from './source.js';
import { type Timing, usualTiming } from './timing.js';

const path = '/api/v1/things';
const impatient: Timing = { ...usualTiming, backoff: { first: 5, longest: 40, healthyAfter: 60_000 }, shortest: 0 };

let fake: FakeApiServer;
let folder: string;
let stop: AbortController;

beforeEach(async () => {
  fake = await startFakeApiServer();
  folder = mkdtempSync(join(tmpdir(), 'netweave-reflector-'));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfigOf(fake.url));
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await fake.close();
  rmSync(folder, { recursive: true });
});

/** What a consumer would hold, and everything that was said to it. */
interface Follower {
  readonly held: Map<string, string>;
  readonly said: string[];
  cursor: string | undefined;
}

/** Follows the reflector the way the kit does: what a complete list does not name is gone. */
async function follow(timing: Partial<Timing> = {}, cursor?: string): Promise<Follower> {
  const credentials = await loadCredentials(kubernetesConfig.parse({ kubeconfig: join(folder, 'kubeconfig') }));
  const source = {
    request: createRequest(credentials),
    path,
    kind: 'Thing',
    labelSelector: 'a=b',
    fieldSelector: 'c=d',
    slim: (native: Identified) => native.metadata.uid,
    log: () => undefined,
    timing: { ...impatient, ...timing },
  };
  const follower: Follower = { held: new Map(), said: [], cursor };
  const { signal } = stop;
  void (async () => {
    let listed: Set<string> | undefined;
    for await (const batch of reflect(source, signal, cursor)) {
      for (const event of batch.events) listed = apply(follower, event, listed);
      follower.cursor = batch.cursor?.['Thing'];
    }
    credentials.close();
  })();
  return follower;
}

function apply({ held, said }: Follower, event: NativeEvent, listed: Set<string> | undefined): Set<string> | undefined {
  said.push(
    event.type === 'stale'
      ? `stale: ${event.reason}`
      : 'identity' in event
        ? `${event.type} ${event.identity}`
        : event.type,
  );
  if (event.type === 'begin') return new Set();
  if (event.type === 'upsert') {
    held.set(event.identity, event.version!);
    listed?.add(event.identity);
  } else if (event.type === 'delete') held.delete(event.identity);
  else if (event.type === 'complete') {
    for (const identity of held.keys()) if (!listed!.has(identity)) held.delete(identity);
    return undefined;
  }
  return listed;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

const put = (name: string, labels?: Record<string, string>) => {
  const { metadata } = fake.put(path, { metadata: { name, ...(labels && { labels }) } });
  return [metadata.uid!, metadata.resourceVersion!] as const;
};

describe('reflect', () => {
  test('streams the list, then what changes, with both selectors', async () => {
    const first = put('one');
    const { held, said } = await follow();
    await until(() => said.includes('complete'));
    expect([...held]).toEqual([first]);
    expect(said[0]).toBe('begin');
    const second = put('two');
    const changed = put('one', { x: 'y' });
    await until(() => held.size === 2 && held.get(changed[0]) === changed[1]);
    fake.remove(path, 'two');
    await until(() => held.size === 1);
    expect(said.at(-1)).toBe(`delete ${second[0]}`);
    const query = new URL(fake.requests[0]!.slice(4), fake.url).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      labelSelector: 'a=b',
      fieldSelector: 'c=d',
    });
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
  });

  test('reads by pages where the server does not stream', async () => {
    fake.streamsLists = false;
    const expected = Array.from({ length: 1203 }, (_, index) => put(`thing-${index}`));
    const { held, said } = await follow();
    await until(() => said.includes('complete'));
    expect([...held]).toEqual(expected);
    expect(fake.requests.filter((request) => request.includes('limit=500'))).toHaveLength(3);
    const late = put('late');
    await until(() => held.has(late[0]));
    expect(said.filter((text) => text === 'begin')).toHaveLength(1);
  });

  test('goes on from its place after a reset, an ended watch, a cut line and a refusal', async () => {
    put('one');
    const { held, said } = await follow();
    await until(() => said.includes('complete') && fake.openWatches === 1);
    const faults = [
      () => fake.reset(),
      () => fake.endWatches(),
      () => fake.endWatches('{"type":"MODIFIED","object":{"metadata":{"uid":"uid-1"'),
      () => fake.endWatches('no JSON\n'),
      () => (fake.fail('watch', 503, 'ServiceUnavailable', 3), fake.reset()),
      () => (fake.fail('watch', 429, 'TooManyRequests', 1, { 'retry-after': '0' }), fake.reset()),
      () => (fake.fail('watch', 401, 'Unauthorized', 1), fake.reset()),
      () => (fake.fail('watch', 500, 'InternalError', 1), fake.reset()),
    ];
    for (const [index, fault] of faults.entries()) {
      fault();
      const [uid] = put(`after-${index}`);
      await until(() => held.has(uid) && fake.openWatches === 1);
    }
    expect(said.filter((text) => text === 'begin')).toHaveLength(1);
    expect(said.filter((text) => text.startsWith('stale'))).toEqual([]);
    expect(said.filter((text) => text.startsWith('upsert'))).toHaveLength(1 + faults.length);
  });

  test('lists anew after 410, so that what was deleted meanwhile goes; recreated under its name it is another object', async () => {
    const [gone] = put('gone');
    const [kept] = put('kept');
    const [replaced] = put('replaced');
    const { held, said } = await follow();
    await until(() => said.includes('complete') && fake.openWatches === 1);
    fake.reset();
    fake.remove(path, 'gone');
    fake.remove(path, 'replaced');
    const [replacement] = put('replaced');
    fake.compact();
    await until(() => said.filter((text) => text === 'complete').length === 2);
    expect([...held.keys()].sort()).toEqual([kept, replacement].sort());
    expect(held.has(gone) || held.has(replaced)).toBe(false);
  });

  test('a 410 between two pages starts the list over', async () => {
    fake.streamsLists = false;
    for (let index = 0; index < 501; index += 1) put(`thing-${index}`);
    fake.fail('page', 410, 'Expired');
    const { held, said } = await follow();
    await until(() => said.includes('complete'));
    expect(said.filter((text) => text === 'begin')).toHaveLength(2);
    expect(held.size).toBe(501);
  });

  test('names the kind stale at once when it is withheld, and current when it is given back', async () => {
    const { said } = await follow();
    await until(() => said.includes('complete') && fake.openWatches === 1);
    fake.fail('watch', 403, 'Forbidden', 3);
    fake.reset();
    await until(() => said.includes('current'));
    expect(said.filter((text) => text.startsWith('stale'))).toEqual(['stale: fake: Forbidden']);
    expect(said.filter((text) => text === 'begin')).toHaveLength(1);
  });

  test('names a kind stale that was never read, with the reason', async () => {
    fake.fail('any', 404, 'NotFound', 2);
    const { said } = await follow();
    await until(() => said.includes('complete'));
    expect(said[0]).toBe('stale: fake: NotFound');
  });

  test('takes a silent line for dead, in the list as in the watch', async () => {
    put('one');
    fake.silent = true;
    const { held, said } = await follow({ answerWithin: 50, watchFor: 10, grace: 10 });
    await until(() => fake.requests.some((request) => request.includes('limit=500')));
    await until(() => said.includes('complete'));
    fake.silent = false;
    const late = put('two');
    await until(() => held.has(late[0]));
    expect(said.filter((text) => text === 'begin')).toHaveLength(1);
  });

  test('goes on from a stored cursor without a list, and keeps it fresh by bookmarks', async () => {
    const [, version] = put('one');
    const [uid] = put('two');
    const follower = await follow({}, version);
    await until(() => follower.held.has(uid) && fake.openWatches === 1);
    expect(follower.said).toEqual([`upsert ${uid}`]);
    fake.compact();
    fake.bookmark();
    await until(() => follower.cursor !== undefined && Number(follower.cursor) > Number(version) + 1);
  });

  test('lists anew when the cluster was restored from an older state', async () => {
    put('one');
    const { said } = await follow();
    await until(() => said.includes('complete') && fake.openWatches === 1);
    fake.endWatches();
    await until(() => fake.openWatches === 1 && fake.requests.length > 1);
    fake.bookmark('5');
    await until(() => said.filter((text) => text === 'complete').length === 2);
  });

  test('sends a cut character whole', async () => {
    const { said, held } = await follow();
    await until(() => said.includes('complete'));
    const [uid] = put('ünïcode', { name: '漢字😀' });
    await until(() => held.has(uid));
  });
});
