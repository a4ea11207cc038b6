import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Connection, NativeEvent, Projected, WritePort } from '../contract.js';
import { simulator } from './index.js';
import { startOCloud, type OCloud } from './o-cloud/start.js';
import { call, context, never, read, target } from '../kit/testing/mirror.js';
import { connect } from './testing/test-connection.js';

let oCloud: OCloud | undefined;
let connection: Connection;

async function open(): Promise<{ pools: Required<WritePort>; resources: Required<WritePort> }> {
  oCloud = await startOCloud();
  connection = await connect({ url: oCloud.url });
  return portsOf(connection);
}

function portsOf({ ports }: Connection): { pools: Required<WritePort>; resources: Required<WritePort> } {
  return { pools: ports.ResourcePool as Required<WritePort>, resources: ports.Resource as Required<WritePort> };
}

/** The object that an event makes. */
function made(
  object: 'ResourcePool' | 'Resource',
  event: NativeEvent | undefined,
): Projected & { value: Record<string, unknown> } {
  const { build } = connection.project[object] as { build(native: unknown, identity: string): Projected };
  if (event?.type !== 'upsert') throw new Error('Nothing was put.');
  return build(event.native, event.identity) as never;
}

const core = { resourcePoolId: 'x', resourcePoolIdentity: 'pool-fra1-core-1' };

afterEach(async () => {
  await connection.close();
  await oCloud?.close();
  oCloud = undefined;
});

describe('the pool port', () => {
  test('creates, changes, scales and deletes, and answers with what changed', async () => {
    const { pools } = await open();
    const site = { oCloudSiteId: context.idOf('OCloudSite', 'lys1'), oCloudSiteIdentity: 'lys1' };
    const created = await pools.create(
      call,
      { name: 'lab', description: 'A lab', location: 'Hall 3', extensions: { cost: { centre: 1 } }, ...site },
      'tenant-a',
    );
    expect(created.events).toMatchObject([{ type: 'upsert', kind: 'pools', identity: created.identity }]);
    expect(made('ResourcePool', created.events[0])).toMatchObject({
      tenant: 'tenant-a',
      value: {
        name: 'lab',
        description: 'A lab',
        location: 'Hall 3',
        oCloudSiteId: site.oCloudSiteId,
        extensions: { cost: { centre: 1 }, tier: 'regional', purpose: 'general' },
      },
    });
    const scaled = await pools.scale(call, target(created.identity), 4);
    expect(scaled).toMatchObject({ identity: created.identity });
    expect(scaled.events.map((event) => made('Resource', event).tenant)).toEqual(Array<string>(4).fill('tenant-a'));
    const shown = { extensions: { tier: 'regional', purpose: 'general', cost: { centre: 1 } } };
    const updated = await pools.update(call, target(created.identity, shown), {
      description: 'Another lab',
      extensions: { ...shown.extensions, cost: { centre: 2 } },
    });
    expect(made('ResourcePool', updated.events[0]).value).toMatchObject({
      name: 'lab',
      description: 'Another lab',
      extensions: { cost: { centre: 2 } },
    });
    await expect(pools.delete(call, target(created.identity))).rejects.toMatchObject({ code: 'CONFLICT' });
    const emptied = await pools.scale(call, target(created.identity), 0);
    expect(emptied.events.map(({ type }) => type)).toEqual(Array<string>(4).fill('delete'));
    const deleted = await pools.delete(call, target(created.identity));
    expect(deleted).toMatchObject({
      identity: created.identity,
      events: [{ type: 'delete', kind: 'pools', identity: created.identity }],
    });
  });

  test('takes the clusters of a deleted pool with it', async () => {
    const { pools } = await open();
    await pools.scale(call, target('pool-nue1-vran-1'), 0);
    const { events } = await pools.delete(call, target('pool-nue1-vran-1'));
    expect(events.map((event) => [event.type, event.kind])).toEqual([
      ['delete', 'clusters'],
      ['delete', 'pools'],
    ]);
  });
});

describe('the resource port', () => {
  test('creates, changes and deletes; it does not scale', async () => {
    const { resources } = await open();
    expect(connection.ports.Resource!.scale).toBeUndefined();
    const type = { resourceTypeId: 'y', resourceTypeIdentity: 'dell-r760' };
    const value = {
      description: 'Mine',
      tags: ['a'],
      groups: ['g'],
      globalAssetId: 'asset 1',
      administrativeState: 'locked',
      extensions: { room: 4 },
    };
    const created = await resources.create(call, { ...core, ...type, ...value }, null);
    const resource = made('Resource', created.events[0]);
    expect(resource).toMatchObject({
      tenant: null,
      value: {
        resourcePoolId: context.idOf('ResourcePool', 'pool-fra1-core-1'),
        resourceTypeId: context.idOf('ResourceType', 'dell-r760'),
        ...{ description: 'Mine', tags: ['a'], groups: ['g'], globalAssetId: 'asset 1' },
        extensions: { room: 4, administrativeState: 'locked', health: 'ok' },
      },
    });
    const at = target(created.identity, resource.value);
    const moved = await resources.update(call, at, {
      resourcePoolId: 'z',
      resourcePoolIdentity: 'pool-muc1-cu-1',
      administrativeState: 'unlocked',
      extensions: { room: null },
    });
    const after = made('Resource', moved.events[0]).value;
    expect(after).toMatchObject({
      resourcePoolId: context.idOf('ResourcePool', 'pool-muc1-cu-1'),
      description: 'Mine',
      extensions: { administrativeState: 'unlocked' },
    });
    expect(after['extensions']).not.toHaveProperty('room');
    expect((await resources.delete(call, at)).events).toMatchObject([
      { type: 'delete', kind: 'equipment', identity: created.identity },
    ]);
    await expect(resources.delete(call, at)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('answers with versions that the watch has too, each newer than the one before', async () => {
    const { resources } = await open();
    const since = { changes: String(oCloud!.stats().sequence) };
    const created = await resources.create(call, { ...core, description: 'Mine' }, null);
    const deleted = await resources.delete(call, target(created.identity));
    const events: NativeEvent[] = [];
    for await (const batch of connection.watch!(never, since)) {
      events.push(...batch.events.filter(({ type }) => type !== 'current'));
      if (events.length === 2) break;
    }
    expect(events).toEqual([...created.events, ...deleted.events]);
    const [first, second] = events.map((event) => (event as { version: string }).version);
    expect([
      connection.newer!(second!, first!),
      connection.newer!(first!, second!),
      connection.newer!(first!, first!),
    ]).toEqual([true, false, false]);
  });

  test.each([
    [
      'a type that is a part of equipment',
      { ...core, resourceTypeId: 'y', resourceTypeIdentity: 'intel-8592' },
      undefined,
    ],
    ['a pool of another backend', { resourcePoolId: 'y' }, 'resourcePoolId'],
    ["an extension that is the O-Cloud's own", { ...core, extensions: { health: 'ok' } }, 'extensions.health'],
  ])('refuses %s', async (_, value, at) => {
    const { resources } = await open();
    await expect(resources.create(call, value, null)).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      detail: at === undefined ? {} : { at },
    });
  });

  test('refuses to change a type, or what the O-Cloud itself says', async () => {
    const { resources } = await open();
    const at = target('eq-00001', { resourceTypeId: 'same', extensions: { health: 'ok' } });
    await expect(resources.update(call, at, { resourceTypeId: 'other' })).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      detail: { at: 'resourceTypeId' },
    });
    await expect(resources.update(call, at, { extensions: { health: 'failed' } })).rejects.toMatchObject({
      detail: { at: 'extensions.health' },
    });
    expect(
      (await resources.update(call, at, { resourceTypeId: 'same', extensions: { health: 'ok', mine: true } })).events,
    ).toHaveLength(1);
  });
});

describe('a broken O-Cloud', () => {
  test('fails writes with the code that says whose fault it is', async () => {
    const { pools } = await open();
    const write = (signal = never) => pools.create({ ...call, signal }, { name: 'x' }, null);
    oCloud!.fault({ status: 500 });
    await expect(write()).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    oCloud!.fault({ garbage: true });
    await expect(write()).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
    oCloud!.fault({ flap: true });
    await expect(write()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    oCloud!.fault({ hang: true });
    await expect(write(AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    oCloud!.fault();
    expect((await write()).events).toHaveLength(1);
    await oCloud!.close();
    await expect(write()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    oCloud = undefined;
  });
});

describe('an embedded O-Cloud', () => {
  test('is spoken to over HTTP, with its token, and keeps what was written over a restart', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'simulator-'));
    const options = { embedded: { size: 50, changesPerSecond: 0 }, token: 'secret', read: 'poll' };
    connection = await connect(options, dataDirectory);
    const created = await portsOf(connection).pools.create(call, { name: 'kept' }, 'tenant-b');
    await connection.close();
    connection = await connect(options, dataDirectory);
    const { objects } = await read(connection.list!(never));
    expect(objects.get(`pools/${created.identity}`)).toMatchObject({ native: { name: 'kept', owner: 'tenant-b' } });
    await rm(dataDirectory, { recursive: true });
  });

  test('or a URL must be given, one of them', () => {
    for (const options of [{}, { url: 'http://127.0.0.1:1', embedded: {} }])
      expect(simulator.config.safeParse(options).success).toBe(false);
    expect(simulator.config.parse({ embedded: {} })).toMatchObject({
      read: 'watch',
      embedded: { seed: 1, size: 400, tenants: ['tenant-a', 'tenant-b'] },
    });
  });
});
