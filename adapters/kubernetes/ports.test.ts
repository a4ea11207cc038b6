import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Target } from '../contract.js';
import {
  type FakeCluster,
  fakeNode,
  inZone,
  nodesPath,
  type Rows,
  startFakeCluster,
  valuesOf,
} from './testing/fake-cluster.js';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await startFakeCluster({ emptyPoolsStay: 0 });
});
afterEach(() => cluster.close());

describe('writing a node', () => {
  const call = {
    signal: new AbortController().signal,
    scope: { tenant: undefined, permissions: new Set<string>(), key: '' },
  };

  function targetOf(rows: Rows): Target {
    const value = valuesOf(rows, 'Resource')[0]!;
    const { uid } = value['extensions'] as { uid: string };
    return { id: value['resourceId'] as string, identity: uid, value: value as never };
  }

  const update = async (target: Target, patch: Record<string, unknown>) =>
    cluster.connection.ports.Resource!.update!(call, target, patch);

  test('moves it into any pool by our label, and back by taking the label off', async () => {
    cluster.fake.put(nodesPath, fakeNode('a', { labels: inZone('z1') }));
    const rows = await cluster.follow();
    const target = targetOf(rows);
    const home = valuesOf(rows, 'ResourcePool')[0]!;
    const { identity, events } = await update(target, { resourcePoolId: 'x', resourcePoolIdentity: 'zone.z2..infra' });
    expect(identity).toBe(target.identity);
    rows.feed(events);
    expect(valuesOf(rows, 'ResourcePool')).toMatchObject([{ name: 'z2 infra', oCloudSiteId: 'site-z2' }]);
    const { poolKey } = home['extensions'] as { poolKey: string };
    rows.feed((await update(target, { resourcePoolId: 'y', resourcePoolIdentity: poolKey })).events);
    expect(valuesOf(rows, 'ResourcePool')).toEqual([home]);
    expect(JSON.stringify(valuesOf(rows, 'Resource'))).not.toContain('netweave.io');
  });

  test('locks and unlocks it, and leaves it alone when it is as wanted', async () => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    const rows = await cluster.follow();
    const target = targetOf(rows);
    const stateNow = () =>
      (valuesOf(rows, 'Resource')[0]!['extensions'] as Record<string, unknown>)['administrativeState'];
    rows.feed((await update(target, { administrativeState: 'locked' })).events);
    expect(stateNow()).toBe('locked');
    await update(target, { administrativeState: 'locked' });
    rows.feed((await update(target, { administrativeState: 'unlocked' })).events);
    expect(stateNow()).toBe('unlocked');
    expect(cluster.fake.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(2);
  });

  test.each([
    [{ description: 'x' }, 'UNSUPPORTED', 'description'],
    [{ resourcePoolId: 'unknown' }, 'UNPROCESSABLE', 'unknown'],
    [{ resourcePoolId: 'x', resourcePoolIdentity: 'no/label value' }, 'UNPROCESSABLE', 'label value'],
  ])('refuses %j', async (patch, code, word) => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    const target = targetOf(await cluster.follow());
    await expect(update(target, patch)).rejects.toMatchObject({ code, message: expect.stringContaining(word) });
  });

  test('refuses an element, and a node that was replaced under its name', async () => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    const target = targetOf(await cluster.follow());
    const locked = { administrativeState: 'locked' };
    await expect(update({ ...target, identity: `${target.identity}/cpu` }, locked)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    cluster.fake.remove(nodesPath, 'a');
    await expect(update(target, locked)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    cluster.fake.put(nodesPath, fakeNode('a'));
    await expect(update(target, locked)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test.each([
    [403, 'Forbidden', 'BACKEND_FAILED', 'rbac.yaml'],
    [409, 'Conflict', 'CONFLICT', 'Conflict'],
    [429, 'TooManyRequests', 'BACKEND_UNAVAILABLE', 'TooManyRequests'],
    [500, 'InternalError', 'BACKEND_FAILED', 'InternalError'],
  ])('says what a %i meant', async (status, reason, code, word) => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    const target = targetOf(await cluster.follow());
    cluster.fake.fail('patch', status, reason);
    await expect(update(target, { administrativeState: 'locked' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word),
    });
  });
});
