import { afterEach, describe, expect, test } from '@jest/globals';
import { objects, type ObjectName } from '#schema/objects.js';
import type { Connection, EachProjection } from '../contract.js';
import { startOCloud, type OCloud } from './o-cloud/start.js';
import { context, never, read } from '../kit/testing/mirror.js';
import { connect } from './testing/test-connection.js';

type Value = Readonly<Record<string, unknown>>;

let oCloud: OCloud | undefined;
let connection: Connection | undefined;

afterEach(async () => {
  await connection?.close();
  await oCloud?.close();
});

/** Every object of a connection, as the kit makes it. */
async function projectAll({
  list,
  project,
}: Connection): Promise<Map<ObjectName, { value: Value; tenant: string | null }[]>> {
  const { objects: natives } = await read(list!(never));
  const made = new Map<ObjectName, { value: Value; tenant: string | null }[]>();
  for (const [name, projection] of Object.entries(project) as [ObjectName, EachProjection<ObjectName>][]) {
    const rows = [...natives].filter(([key]) => key.startsWith(`${projection.each}/`));
    made.set(
      name,
      rows.flatMap(([key, { native }]) => {
        const identity = key.slice(projection.each.length + 1);
        const built = projection.build(native as never, identity);
        if (!built) return [];
        return [{ ...built, value: { [objects[name].key]: context.idOf(name, identity), ...built.value } }];
      }),
    );
  }
  return made;
}

describe('what is projected', () => {
  test('is what the models say, to the last attribute, also after many changes', async () => {
    oCloud = await startOCloud({ size: 1_500 });
    connection = await connect({ url: oCloud.url, read: 'poll' });
    oCloud.tick(1_000);
    const all = await projectAll(connection);
    expect([...all.keys()].sort()).toEqual([
      'DeploymentManager',
      'Location',
      'OCloudSite',
      'Resource',
      'ResourcePool',
      'ResourceType',
    ]);
    for (const [name, rows] of all) {
      expect(rows.length).toBeGreaterThan(0);
      for (const { value } of rows) expect(objects[name].model.parse(value)).toEqual(value);
    }
  });

  test('refers to what is there', async () => {
    oCloud = await startOCloud();
    connection = await connect({ url: oCloud.url, read: 'poll' });
    const all = await projectAll(connection);
    const ids = new Map(
      [...all].map(([name, rows]) => [name, new Set(rows.map(({ value }) => value[objects[name].key]))]),
    );
    for (const [name, rows] of all) {
      for (const relation of Object.values(objects[name].relations).filter(({ kind }) => kind === 'one')) {
        const { to, via } = relation as { to: ObjectName; via: string };
        expect(rows.filter(({ value }) => !ids.get(to)!.has(value[via]))).toEqual([]);
      }
    }
    const locations = ids.get('Location')!;
    const managers = all.get('DeploymentManager')!.map(({ value }) => value['supportedLocations'] as string[]);
    expect(
      managers.filter((supported) => supported.length === 0 || !supported.every((id) => locations.has(id))),
    ).toEqual([]);
  });

  test('gives every component of a server an id and a type of its own', async () => {
    oCloud = await startOCloud();
    connection = await connect({ url: oCloud.url, read: 'poll' });
    const all = await projectAll(connection);
    const types = new Map(
      all
        .get('ResourceType')!
        .map(({ value }) => [value['resourceTypeId'], (value['extensions'] as Value)['category']]),
    );
    const elements = all.get('Resource')!.flatMap(({ value }) => value['elements'] as Value[]);
    const ids = [...elements, ...all.get('Resource')!.map(({ value }) => value)].map((value) => value['resourceId']);
    expect(new Set(ids).size).toBe(ids.length);
    const categories = new Set(elements.map((value) => types.get(value['resourceTypeId'])));
    expect([...categories].sort()).toEqual(['accelerator', 'clock', 'cpu', 'drive', 'memory', 'nic', 'optic']);
    const [server] = all.get('Resource')!;
    const [cpu] = server!.value['elements'] as Value[];
    expect(cpu!['resourceId']).toBe(context.idOf('Resource', 'eq-00000/cpu0'));
    expect(cpu!['resourcePoolId']).toBe(server!.value['resourcePoolId']);
  });

  test('belongs to its owner, and holds references to credentials, never credentials', async () => {
    oCloud = await startOCloud({ tenants: ['acme'] });
    connection = await connect({ url: oCloud.url, read: 'poll' });
    const all = await projectAll(connection);
    for (const name of ['ResourcePool', 'Resource'] as const)
      expect(new Set(all.get(name)!.map(({ tenant }) => tenant))).toEqual(new Set([null, 'acme']));
    for (const name of ['Location', 'OCloudSite', 'ResourceType'] as const)
      expect(all.get(name)!.every(({ tenant }) => tenant === null)).toBe(true);
    for (const { value } of all.get('DeploymentManager')!) {
      const { profileName, profileData } = value['extensions'] as {
        profileName: string;
        profileData: Record<string, string>;
      };
      expect(profileName).toBe('native_k8sapi');
      for (const key of ['cluster_ca_cert', 'admin_client_cert', 'admin_client_key'])
        expect(profileData[key]).toMatch(/^secret:[a-z-]+\/[a-z0-9-]+#[a-z.]+$/);
    }
  });

  test('puts sites where the map has them', async () => {
    oCloud = await startOCloud();
    connection = await connect({ url: oCloud.url, read: 'poll' });
    const [frankfurt] = (await projectAll(connection)).get('Location')!;
    expect(frankfurt!.value).toMatchObject({
      name: 'Frankfurt am Main',
      coordinate: [{ type: 'Point', coordinates: [8.7235, 50.1188, 112] }],
    });
    expect(frankfurt!.value['civicAddress']).toContainEqual({ caType: 24, caValue: '60314' });
  });
});
