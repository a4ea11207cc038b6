import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ids, inventory } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

const create = `mutation ($input: CreateResourcePoolInput!) {
  createResourcePool(input: $input) { id position resourcePool { id name site { name } extensions } }
}`;
const update = `mutation ($input: UpdateResourcePoolInput!) { updateResourcePool(input: $input) { id position resourcePool { name description } } }`;
const scale = `mutation ($input: ScaleResourcePoolInput!) { scaleResourcePool(input: $input) { id } }`;
const remove = `mutation ($input: DeleteResourcePoolInput!) { deleteResourcePool(input: $input) { id position resourcePool { id } } }`;

describe('without a backend', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(inventory);
  });
  afterAll(() => world.close());

  test.each([
    ['creating is unsupported', create, { name: 'new', description: '' }, 'UNSUPPORTED'],
    ['updating has nobody to go to', update, { id: ids.pool(1), patch: { name: 'new' } }, 'BACKEND_UNAVAILABLE'],
    ['scaling has nobody to go to', scale, { id: ids.pool(1), size: 3 }, 'BACKEND_UNAVAILABLE'],
    ['deleting has nobody to go to', remove, { id: ids.pool(1) }, 'BACKEND_UNAVAILABLE'],
  ])('%s', async (_what, document, input, code) => {
    const { status, body } = await world.ask(document, { input });
    expect([status, body.data]).toEqual([200, null]);
    expect(body.errors).toMatchObject([{ extensions: { code } }]);
  });

  test('who may not write is told so before anything else', async () => {
    const { body } = await world.ask(remove, { input: { id: ids.pool(5) } }, 'reader');
    expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test("another tenant's object is as absent as none, a shared one is not theirs to change", async () => {
    const theirs = await world.ask(remove, { input: { id: ids.pool(5) } }, 'tenant-a');
    expect(theirs.body.errors).toMatchObject([
      { message: `There is no ResourcePool '${ids.pool(5)}'.`, extensions: { code: 'NOT_FOUND' } },
    ]);
    const shared = await world.ask(remove, { input: { id: ids.pool(1) } }, 'tenant-a');
    expect(shared.body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test('what an input may not hold is refused where it stands', async () => {
    const { body } = await world.ask(update, { input: { id: ids.pool(1), patch: { name: null } } });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'patch/name' } }]);
  });
});

describe('with a backend', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(inventory, { backend: true });
  });
  afterAll(() => world.close());

  type Payload = { readonly id: string; readonly position: string; readonly resourcePool: object | null };

  test('the payload is the object after the write, and whoever reads next sees it', async () => {
    const input = { name: 'new', description: '', oCloudSiteId: ids.site(2), extensions: { rack: { row: 7 } } };
    const created = (await world.ask(create, { input })).body.data!['createResourcePool'] as Payload;
    expect(created).toEqual({
      id: created.id,
      position: expect.stringMatching(/^\d+\.\w+$/),
      resourcePool: { id: created.id, name: 'new', site: { name: 'site-2' }, extensions: { rack: { row: 7 } } },
    });
    const updated = (await world.ask(update, { input: { id: created.id, patch: { description: 'Hot' } } })).body.data![
      'updateResourcePool'
    ] as Payload;
    expect(updated.resourcePool).toEqual({ name: 'new', description: 'Hot' });
    expect(Number.parseInt(updated.position)).toBeGreaterThan(Number.parseInt(created.position));
    const unable = await world.ask(scale, { input: { id: created.id, size: 3 } });
    expect(unable.body.errors).toMatchObject([
      { message: "The backend 'pools' cannot scale a ResourcePool.", extensions: { code: 'UNSUPPORTED' } },
    ]);
    const removed = (await world.ask(remove, { input: { id: created.id } })).body.data![
      'deleteResourcePool'
    ] as Payload;
    expect(removed).toEqual({ id: created.id, position: expect.any(String), resourcePool: null });
    const { body } = await world.ask('query ($id: ID!) { node(id: $id) { id } }', { id: created.id });
    expect(body).toEqual({ data: { node: null } });
  });

  test('mutations of one document run in their order and are charged once', async () => {
    world.seen.charges = 0;
    const document = `mutation {
      a: createResourcePool(input: { name: "a", description: "", oCloudSiteId: "${ids.site(1)}" }) { position }
      b: createResourcePool(input: { name: "b", description: "", oCloudSiteId: "${ids.site(1)}" }) { position }
    }`;
    const { a, b } = (await world.ask(document)).body.data as unknown as { readonly a: Payload; readonly b: Payload };
    expect(Number.parseInt(b.position)).toBeGreaterThan(Number.parseInt(a.position));
    expect(world.seen.charges).toBe(1);
  });
});
