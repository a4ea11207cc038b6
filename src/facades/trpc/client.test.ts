import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TRPCClientError } from '@trpc/client';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { codes, Fault, type Code } from '#schema/errors.js';
import { origin } from '#schema/position.js';
import { openWorld, type World } from '#test/facades/world.js';
import type { RowAnswer } from '../../operations/operation.js';
import { allOperations } from '../../operations/operations.js';
import { createClient, type Router } from './client.js';
import { trpcCodeOf } from './errors.js';
import { trpcFacade } from './facade.js';

let world: World;
const as = (token: string) => createClient({ url: `${world.url}/trpc`, token });

beforeAll(async () => {
  world = await openWorld((parts) => ({ '/trpc': trpcFacade(parts) }));
});
afterAll(() => world.close());

async function refusalOf(call: Promise<unknown>): Promise<TRPCClientError<Router>> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TRPCClientError) return error as TRPCClientError<Router>;
  throw new Error(`expected a refusal, got ${String(error)}`);
}

describe('a typed client over HTTP', () => {
  test('reads, creates, changes, scales and deletes a pool', async () => {
    const client = createClient({ url: `${world.url}/trpc`, token: 'admin' });
    const created = await client.resourcePools.create.mutate({ value: { name: 'mine', description: 'A new one' } });
    const renamed = await client.resourcePools.update.mutate({ id: created.id, patch: { description: 'Changed' } });
    const scaled = await client.resourcePools.scale.mutate({ id: created.id, size: 7 });
    const read = await client.resourcePools.get.query({ id: created.id });
    const deleted = await client.resourcePools.delete.mutate({ id: created.id });
    const name: string | undefined = renamed.value?.name;

    expect([created.value?.description, name, read.description, read.extensions?.['size']]).toEqual([
      'A new one',
      'mine',
      'Changed',
      7,
    ]);
    expect([scaled.id, deleted.id, deleted.value]).toEqual([created.id, created.id, null]);
    expect(deleted.position).toMatch(/^\d+\.[0-9a-z]+$/);
    expect((await refusalOf(client.resourcePools.get.query({ id: created.id }))).data?.code).toBe('NOT_FOUND');
  });

  test('pages through a filtered, ordered list', async () => {
    const query = { filter: '(cont,name,a)', orderBy: { attribute: 'name', descending: true }, first: 2 } as const;
    const first = await as('reader').resourcePools.list.query(query);
    const second = await as('reader').resourcePools.list.query({ ...query, after: first.next! });

    expect(first.items.map((pool) => pool.name)).toEqual(['gamma', 'delta']);
    expect(second.items.map((pool) => pool.name)).toEqual(['beta', 'alpha']);
    expect(second).not.toHaveProperty('next');
    expect(second).not.toHaveProperty('incomplete');
  });

  test('takes a filter in parts, and no input where none is needed', async () => {
    const filter = {
      any: [
        { operator: 'eq', path: ['name'], values: ['beta'] },
        { operator: 'eq', path: ['name'], values: ['alpha'] },
      ],
    } as const;
    const found = await as('reader').resourcePools.list.query({ filter });
    const all = await as('reader').resources.list.query();

    expect(found.items.map((pool) => pool.name).sort()).toEqual(['alpha', 'beta']);
    expect(all.items).toHaveLength(6);
  });

  test('has a router for every collection and a procedure for every verb, as its types say', async () => {
    const client = as('admin');
    const lists = await Promise.all([
      client.locations.list.query(),
      client.oCloudSites.list.query(),
      client.resourceTypes.list.query(),
      client.deploymentManagers.list.query(),
    ]);
    const names = [
      'oClouds',
      'locations',
      'oCloudSites',
      'resourceTypes',
      'resourcePools',
      'resources',
      'deploymentManagers',
      'inventorySubscriptions',
      'audit',
      'backup',
    ] satisfies (keyof Router['_def']['record'])[];

    expect(lists.map((list) => list.items.length)).toEqual([0, 0, 0, 1]);
    expect((await refusalOf(client.oClouds.get.query())).data).toMatchObject({
      code: 'NOT_FOUND',
      httpStatus: 404,
      path: 'oClouds.get',
    });
    expect(new Set(allOperations.map((each) => each.object.collection))).toEqual(new Set(names));
  });

  test('neither type-checks nor passes what the operations do not take', async () => {
    const client = as('admin');
    const refused = await Promise.all([
      // @ts-expect-error pools have no such attribute
      refusalOf(client.resourcePools.create.mutate({ value: { name: 'x', description: 'y', colour: 'red' } })),
      // @ts-expect-error an id is needed
      refusalOf(client.resourcePools.get.query()),
    ]);

    expect(refused.map((error) => error.data?.code)).toEqual(['INVALID', 'INVALID']);
    expect(refused.map((error) => error.data?.at)).toEqual(['value', 'id']);
  });

  test('sends calls made together in batches of a size that is taken', async () => {
    const client = as('reader');
    const ids = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'].map((name) => world.idOf('ResourcePool', name));
    const asked = Array.from({ length: 45 }, (_, index) => client.resourcePools.get.query({ id: ids[index % 5]! }));

    expect(new Set((await Promise.all(asked)).map((pool) => pool.name)).size).toBe(5);
  });

  test('sends a filter that is longer than any URL', async () => {
    const filter = `(in,name,alpha,${'x'.repeat(8000)})`;

    expect((await as('reader').resourcePools.list.query({ filter })).items).toHaveLength(1);
  });

  test('shows what the scope may see: credentials, tenants', async () => {
    const [open] = (await as('admin').deploymentManagers.list.query()).items;
    const [masked] = (await as('reader').deploymentManagers.list.query()).items;
    const theirs = world.idOf('ResourcePool', 'theirs');

    expect(open!.extensions?.profileData?.admin_user).toBe('b');
    expect(masked!.extensions).toEqual({ profileName: 'native_k8sapi' });
    expect((await as('blue').resourcePools.get.query({ id: theirs })).name).toBe('theirs');
  });
});

describe('refusals', () => {
  test('say which input was wrong, and stay strict', async () => {
    const error = await refusalOf(as('admin').resourcePools.scale.mutate({ id: 'x', size: '2' as unknown as number }));

    expect(error.data).toMatchObject({ code: 'INVALID', at: 'size', httpStatus: 400 });
    expect(error.message).toContain('size');
  });

  test('of a filter carry the place of the fault', async () => {
    const error = await refusalOf(as('reader').resourcePools.list.query({ filter: '(eq,nothing,x)' }));

    expect(error.data).toMatchObject({ code: 'INVALID', at: 'filter', position: 4 });
  });

  test('come before parsing when the permission is missing', async () => {
    const error = await refusalOf(as('reader').resourcePools.delete.mutate({ id: '', more: 1 } as { id: string }));

    expect(error.data?.code).toBe('FORBIDDEN');
  });

  test('of tRPC itself have codes of ours', async () => {
    const large = JSON.stringify({ value: { name: 'x'.repeat(20_000), description: '' } });
    const replies = await Promise.all([
      world.ask('/trpc/resourcePools.nothing'),
      world.ask('/trpc/resourcePools.create', { method: 'POST', body: '{"value":' }),
      world.ask('/trpc/resourcePools.create', { method: 'POST', body: large }),
      world.ask('/trpc/resourcePools.create', { method: 'GET' }),
      world.ask(`/trpc/${Array.from({ length: 21 }, () => 'resourcePools.list').join(',')}?batch=1`),
    ]);
    const found = replies.map(({ status, text }) => {
      const body = JSON.parse(text) as { error: { data: { code: string } } } | { error: { data: { code: string } } }[];
      return [status, (Array.isArray(body) ? body[0]! : body).error.data.code];
    });

    expect(replies[2]!.text).toContain('The request body is too large.');
    expect(found).toEqual([
      [404, 'NOT_FOUND'],
      [400, 'INVALID'],
      [413, 'TOO_LARGE'],
      [405, 'INVALID'],
      [400, 'INVALID'],
    ]);
  });
});

describe('headers of an answer', () => {
  test('name the position and forbid caching', async () => {
    const reply = await world.ask('/trpc/resourcePools.list');

    expect(reply.headers['x-netweave-position']).toMatch(/^\d+\.[0-9a-z]+$/);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers).not.toHaveProperty('x-netweave-incomplete');
  });
});

describe('an incomplete inventory', () => {
  test('is named in the answer and beside it', async () => {
    world.coverage.stale('small', 'Resource', 'cut off');
    const list = await as('reader').resources.list.query();
    const reply = await world.ask('/trpc/resources.list');
    world.coverage.current('small', 'Resource', Date.now());

    expect(list.incomplete).toEqual(['small']);
    expect([reply.headers['x-netweave-incomplete'], reply.headers['age']]).toEqual([
      'small',
      expect.stringMatching(/^\d+$/),
    ]);
  });
});

describe('every code', () => {
  let failing: World;
  beforeAll(async () => {
    const operations = allOperations.map((each) => {
      if (each.name === 'resourcePools.scale') return { ...each, run: failWith };
      return each.name === 'resourcePools.get' ? { ...each, run: answerNonsense } : each;
    });
    failing = await openWorld((parts) => ({ '/trpc': trpcFacade(parts) }), operations);
  });
  afterAll(() => failing.close());

  test.each(codes.map((code, index) => [code, index] as const))(
    '%s reaches the client with what belongs to it',
    async (code, size) => {
      const client = createClient({ url: `${failing.url}/trpc`, token: 'admin' });
      const error = await refusalOf(client.resourcePools.scale.mutate({ id: 'x', size }));

      expect(error.data).toMatchObject(code === 'INTERNAL' ? { code } : { code, at: 'size', retryAfter: 3 });
      expect(error.message).toBe(
        code === 'INTERNAL'
          ? 'An internal error; the operator finds it in the log by the request id.'
          : `Refused as ${code}.`,
      );
      expect([error.shape?.code, error.data?.httpStatus]).toEqual([
        TRPC_ERROR_CODES_BY_KEY[trpcCodeOf[code]],
        getHTTPStatusCodeFromError(new TRPCError({ code: trpcCodeOf[code] })),
      ]);
    },
  );

  test('a fault of the facade is withheld from the caller and shown to the operator', async () => {
    const error = await refusalOf(
      createClient({ url: `${failing.url}/trpc`, token: 'admin' }).resourcePools.get.query({ id: 'x' }),
    );

    expect([error.data?.code, error.message]).toEqual([
      'INTERNAL',
      'An internal error; the operator finds it in the log by the request id.',
    ]);
    expect(failing.unforeseen.map(String)).toEqual(["Error: 'Nonsense' is no object of this release."]);
  });
});

function failWith(_call: unknown, input: unknown): never {
  const code: Code = codes[(input as { size: number }).size]!;
  if (code === 'INTERNAL') throw new Error('a secret of ours');
  throw new Fault(code, `Refused as ${code}.`, { at: 'size', retryAfter: 3 });
}

function answerNonsense(): RowAnswer {
  const row = {
    object: 'Nonsense',
    id: 'x',
    tenant: null,
    instance: 'small',
    identity: 'x',
    position: origin,
    value: {},
  };
  return { kind: 'row', row, position: origin, stamp: '', gaps: [] };
}
