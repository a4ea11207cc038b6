import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OCloud } from '#adapters/simulator/o-cloud/start.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { removeInstance } from '#src/cli/instance.js';
import { adapterModels } from '#src/gateway/adapter-models.js';
import { loadConfiguration } from '#platform/config/load.js';
import { backendsOf, facades, openFleet, poolIdsOf, startOClouds, v2, type Fleet } from './fleet.js';
import { configurationOf, nowhere, until } from './gateway-under-test.js';

let folder: string;
let fleet: Fleet | undefined;
let oClouds: Record<string, OCloud> = {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-instances-'));
});
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
  await Promise.all(Object.values(oClouds).map((each) => each.close()));
  oClouds = {};
  rmSync(folder, { recursive: true });
});

async function reopen(backends: readonly object[], yaml = ''): Promise<Fleet> {
  await fleet?.close();
  fleet = undefined;
  return (fleet = await openFleet({ folder, backends, yaml }));
}

describe('a backend that cannot be connected at the start', () => {
  const embedded = { key: 'embedded', type: 'simulator', options: { embedded: { size: 20, changesPerSecond: 0 } } };

  /** Puts a folder where the embedded O-Cloud of this test keeps its journal, so that it cannot start. Returns how to undo it. */
  async function obstruct(): Promise<() => Promise<void>> {
    await reopen([embedded]);
    await fleet!.names();
    const pool = (await fleet!.pools())[0]!['resourcePoolId'] as string;
    await fleet!.ask(`/netweave/v1/resourcePools/${pool}`, 'PATCH', { description: 'Journalled' });
    await fleet!.close();
    fleet = undefined;
    const own = join(folder, 'backends', embedded.key);
    const journal = join(own, (await readdir(own))[0]!);
    const [way, next] = [join(folder, 'in-the-way'), join(folder, 'next')];
    await rm(join(folder, 'store.db'));
    await rename(journal, join(folder, 'kept'));
    await mkdir(way);
    await symlink(way, journal);
    // In one step: in between, it would begin a new journal.
    return async () => {
      await symlink(join(folder, 'kept'), next);
      await rename(next, journal);
    };
  }

  test('keeps neither the start nor the others, is named, and is read as soon as it can be', async () => {
    const clear = await obstruct();
    oClouds = await startOClouds(['other']);
    await reopen([embedded, ...backendsOf(oClouds)], 'firstSyncTimeout: 3s');
    const said = await fleet!.names('embedded');
    expect(said.graphql.reasons['embedded']).toMatch(/EISDIR|directory/);
    expect(said.rest.age).toBeUndefined();
    expect(await fleet!.pools()).toHaveLength(2);
    const path = `${v2}/resourcePools/${nowhere}`;
    await until(async () => (await fleet!.ask(path)).status === 404);
    await clear();
    await fleet!.names();
    const pools = await fleet!.pools();
    expect(pools.length).toBeGreaterThan(2);
    expect(pools).toContainEqual(expect.objectContaining({ description: 'Journalled' }));
  }, 60_000);

  test('leaves an absent object unknown until the first synchronisation is given up', async () => {
    await obstruct();
    await reopen([embedded], 'firstSyncTimeout: 1h');
    const { status, headers } = await fleet!.ask(`${v2}/resourcePools/${nowhere}`);
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
  });
});

describe('a configuration that its adapter refuses', () => {
  test('ends the start, and leaves nothing behind that would hinder the next one', async () => {
    const cluster = { key: 'cluster', type: 'kubernetes', options: { kubeconfig: join(folder, 'nothing-there') } };
    oClouds = await startOClouds(['a']);
    const opened = openFleet({ folder, backends: [...backendsOf(oClouds), cluster] });
    await expect(opened).rejects.toMatchObject({ code: 'INVALID', message: expect.stringContaining('nothing-there') });
    await reopen(backendsOf(oClouds));
    await fleet!.names();
  });
});

describe('a backend that is disabled, or no longer configured', () => {
  const askedOf = (key: string) => Object.values(oClouds[key]!.stats().requests).reduce((sum, count) => sum + count, 0);

  async function openThenLeave(): Promise<{ pools: readonly object[]; left: object[]; asked: number }> {
    oClouds = await startOClouds(['disabled', 'dropped', 'kept']);
    await reopen(backendsOf(oClouds));
    await fleet!.names();
    const pools = await fleet!.pools();
    const { disabled, kept } = oClouds as Record<'disabled' | 'kept', OCloud>;
    const left = [...backendsOf({ disabled }, { enabled: false }), ...backendsOf({ kept })];
    await fleet!.close();
    fleet = undefined;
    const asked = askedOf('disabled');
    await reopen(left);
    return { pools, left, asked };
  }

  test('keeps its objects readable, named with reason and age on every facade', async () => {
    const { pools, asked } = await openThenLeave();
    const said = await fleet!.names('disabled', 'dropped');
    expect(said.graphql.reasons).toEqual({
      disabled: 'disabled in the configuration',
      dropped: 'not in the configuration',
    });
    for (const name of facades.filter((each) => each !== 'graphql')) expect(said[name].age).toBeGreaterThanOrEqual(0);
    expect(await fleet!.pools()).toEqual(pools);
    expect(askedOf('disabled')).toBe(asked);
    const absent = await fleet!.ask(`${v2}/resourcePools/${nowhere}`);
    expect(absent.status).toBe(404);
    expect((await fleet!.ask('/readyz')).status).toBe(200);
  });

  test.each(['disabled', 'dropped'])('answers a write to the %s one with 503 and when to come back', async (key) => {
    await openThenLeave();
    const [pool] = await poolIdsOf(key, oClouds[key]!);
    const answer = await fleet!.ask(`/netweave/v1/resourcePools/${pool}`, 'PATCH', { description: 'x' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '60']);
    expect(answer.body).toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    const [healthy] = await poolIdsOf('kept', oClouds['kept']!);
    const written = await fleet!.ask(`/netweave/v1/resourcePools/${healthy}`, 'PATCH', { description: 'y' });
    expect(written.status).toBe(200);
  });

  test('is current again once it is enabled', async () => {
    const { pools } = await openThenLeave();
    await reopen(backendsOf(oClouds));
    await fleet!.names();
    expect(await fleet!.pools()).toEqual(pools);
  });

  test('goes for good when it is removed, object by object in the log', async () => {
    const { left } = await openThenLeave();
    const dropped = await poolIdsOf('dropped', oClouds['dropped']!);
    const configuration = loadConfiguration({ text: configurationOf({ folder, backends: left }), adapterModels });
    await expect(removeInstance(configuration, 'dropped')).rejects.toThrow('in use by a running gateway');
    await fleet!.close();
    fleet = undefined;
    await expect(removeInstance(configuration, 'disabled')).rejects.toThrow('still in the configuration');
    expect(await removeInstance(configuration, 'dropped')).toMatch(/^Removed \d+ objects of 'dropped'/);
    expect(await deletedIn(join(folder, 'store.db'))).toEqual(expect.arrayContaining([...dropped]));
    await reopen(left);
    await fleet!.names('disabled');
    const ids = (await fleet!.pools()).map((pool) => pool['resourcePoolId']);
    expect(ids).toHaveLength(4);
    for (const id of dropped) expect(ids).not.toContain(id);
  });
});

describe('a restart while a backend is away', () => {
  test('serves what was known, with an age that counts from before', async () => {
    oClouds = await startOClouds(['a', 'b']);
    await reopen(backendsOf(oClouds));
    await fleet!.names();
    const pools = await fleet!.pools();
    await oClouds['a']!.close();
    await fleet!.names('a');
    const closed = Date.now();
    const backends = backendsOf(oClouds);
    delete oClouds['a'];
    await fleet!.close();
    fleet = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await reopen(backends);
    const { rest } = await fleet!.names('a');
    expect(rest.age).toBeGreaterThanOrEqual(1);
    expect(rest.age).toBeLessThanOrEqual((Date.now() - closed) / 1000 + 60);
    expect(await fleet!.pools()).toEqual(pools);
    expect((await fleet!.ask(`${v2}/resourcePools/${nowhere}`)).status).toBe(404);
  });
});

/** Ids of everything that the log says was deleted. */
async function deletedIn(file: string): Promise<readonly string[]> {
  const store = await openEmbeddedStore({ file });
  const read = await store.read({ seq: 0, tag: '0' }, 100_000);
  await store.close();
  const changes = read.outcome === 'read' ? read.changes : [];
  return changes.flatMap(({ change, id }) => (change === 'deleted' ? [id] : []));
}
