import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codes, Fault, type Code } from '#schema/errors.js';
import { openWorld, type Ask, type Reply, type World } from '#test/facades/world.js';
import type { RowAnswer } from '../../operations/operation.js';
import { allOperations } from '../../operations/operations.js';
import { statusOf } from '../rest/problem.js';
import { createClient } from '../trpc/client.js';
import { trpcFacade } from '../trpc/facade.js';
import { ownFacade } from './facade.js';
import { ownBase, ownRoutes } from './routes.js';

const publicUrl = 'https://o2.example';
let world: World;
const ask = (path: string, asked?: Ask): Promise<Reply> => world.ask(`${ownBase}${path}`, asked);
const json = (reply: Reply) => JSON.parse(reply.text) as Record<string, unknown>;
const names = (reply: Reply) => (json(reply)['items'] as { name: string }[]).map((each) => each.name);

beforeAll(async () => {
  world = await openWorld((parts) => ({ [ownBase]: ownFacade({ ...parts, publicUrl }), '/trpc': trpcFacade(parts) }));
});
afterAll(() => world.close());

/** An error of REST: its type, and the members that every problem has. */
function problemOf(reply: Reply): [number, string | undefined, unknown] {
  expect(reply.headers['content-type']).toBe('application/problem+json');
  const { status, detail, code } = json(reply);
  expect(status).toBe(reply.status);
  return [reply.status, code as string | undefined, detail];
}

describe('the life of a pool', () => {
  test('is created, read, changed, scaled and deleted with the statuses of REST', async () => {
    const created = await ask('/resourcePools', { method: 'POST', body: { name: 'mine', description: 'new' } });
    const { id, value } = json(created) as { id: string; value: { name: string } };
    const item = `/resourcePools/${id}`;
    const changed = await ask(item, {
      method: 'PATCH',
      body: { description: 'changed' },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    const again = await ask(item, { method: 'PATCH', body: { description: 'again' } });
    const scaled = await ask(`${item}/scale`, { method: 'POST', body: { size: 4 } });
    const read = await ask(item);
    const deleted = await ask(item, { method: 'DELETE' });

    expect([created, changed, again, scaled, read, deleted].map((reply) => reply.status)).toEqual([
      201, 200, 200, 200, 200, 204,
    ]);
    expect([created.headers.location, value.name]).toEqual([`${publicUrl}${ownBase}${item}`, 'mine']);
    expect([json(changed)['id'], json(read)['description'], json(read)['extensions']]).toEqual([
      id,
      'again',
      { size: 4 },
    ]);
    expect([deleted.text, deleted.headers['content-type']]).toEqual(['', undefined]);
    expect(deleted.headers['x-netweave-position']).toMatch(/^\d+\.[0-9a-z]+$/);
    expect(problemOf(await ask(item))).toEqual([404, 'NOT_FOUND', `There is no ResourcePool '${id}'.`]);
  });
});

describe('lists', () => {
  test('are filtered, ordered and paged by links', async () => {
    const first = await ask('/resourcePools?filter=(cont,name,a)&orderBy=-name&first=2');
    const link = /^<https:\/\/o2\.example(.*)>; rel="next"$/.exec(first.headers.link as string)![1]!;
    const second = await world.ask(link);

    expect([names(first), names(second)]).toEqual([
      ['gamma', 'delta'],
      ['beta', 'alpha'],
    ]);
    expect(second.headers).not.toHaveProperty('link');
  });

  test('of resources are flat, or those of a pool', async () => {
    const pool = world.idOf('ResourcePool', 'alpha');
    const all = json(await ask('/resources'))['items'] as unknown[];
    const some = json(await ask(`/resources?resourcePoolId=${pool}`))['items'] as { resourcePoolId: string }[];

    expect([all.length, some.map((each) => each.resourcePoolId)]).toEqual([6, [pool]]);
    expect(problemOf(await ask('/resources?resourcePoolId=none'))[0]).toBe(404);
  });

  test('name the backends whose part may be old', async () => {
    world.coverage.stale('small', 'Resource', 'cut off');
    const reply = await ask('/resources/');
    world.coverage.current('small', 'Resource', Date.now());

    expect([reply.headers['x-netweave-incomplete'], json(reply)['incomplete']]).toEqual(['small', ['small']]);
  });

  test('have a HEAD without a body', async () => {
    const reply = await ask('/resourcePools', { method: 'HEAD' });

    expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([200, '', 'application/json']);
  });
});

describe('refusals', () => {
  test.each([
    ['/resourcePools?first=many', 'first'],
    ['/resourcePools?first=0', 'first'],
    ['/resourcePools?colour=red', undefined],
    ['/resourcePools?filter=(eq,nothing,x)', 'filter'],
    ['/resourcePools?filter=(eq,name,a)&filter=(eq,name,b)', 'filter'],
    ['/resourcePools?orderBy=extensions&orderBy=name', 'orderBy'],
    ['/resourcePools?after=forged', 'after'],
    ['/resourcePools/%zz', 'path'],
  ])('of %s name the place', async (path, at) => {
    const reply = await ask(path);

    expect(problemOf(reply).slice(0, 2)).toEqual([400, 'INVALID']);
    expect(json(reply)['at']).toBe(at);
  });

  test.each([
    ['-1', 'at least'],
    ['1.5', 'whole number'],
    ['1e2', 'was a string'],
  ])('of %s objects tell what is wrong with the number', async (first, why) => {
    expect(json(await ask(`/resourcePools?first=${first}`))['detail']).toContain(why);
  });

  test('of a body speak of the body, not of what operations wrap it in', async () => {
    const wrong = json(await ask('/resourcePools', { method: 'POST', body: { name: 1, description: 2 } }));
    const unknown = json(await ask('/resourcePools/x', { method: 'PATCH', body: { nmae: 'red' } }));

    expect([wrong['at'], wrong['faults'], unknown['at']]).toEqual([
      'name',
      ['name must be a string, was a number', 'description must be a string, was a number'],
      'body',
    ]);
    expect(unknown['detail']).toBe("body: 'nmae' is not a member of ResourcePool (did you mean 'name'?)");
  });

  test('of an id beside that of the path, of no object and of no JSON', async () => {
    const bodies: readonly unknown[] = [{ id: 'y', size: 1 }, [1], '{"size":', ''];
    const replies = await Promise.all(bodies.map((body) => ask('/resourcePools/x/scale', { method: 'POST', body })));

    expect(replies.map((reply) => problemOf(reply).slice(0, 2))).toEqual(bodies.map(() => [400, 'INVALID']));
    expect(replies.map((reply) => json(reply)['at'])).toEqual(['id', 'body', 'body', 'size']);
  });

  test.each([
    ['an unknown path', '/nothing', {}, 404],
    ['a path one too deep', '/resourcePools/x/scale/y', {}, 404],
    ['another spelling', '/RESOURCEPOOLS', {}, 404],
    ['a method not defined', '/resourcePools', { method: 'PUT' }, 405],
    ['reading an action', '/resourcePools/x/scale', {}, 405],
    ['HTML', '/resourcePools', { headers: { Accept: 'text/html' } }, 406],
    [
      'a body that is too large',
      '/resourcePools',
      { method: 'POST', body: { name: 'x'.repeat(20_000), description: '' } },
      413,
    ],
    [
      'a form',
      '/resourcePools',
      { method: 'POST', body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      415,
    ],
    [
      'a merge-patch as a POST',
      '/resourcePools',
      { method: 'POST', body: {}, headers: { 'Content-Type': 'application/merge-patch+json' } },
      415,
    ],
    [
      'an unknown charset',
      '/resourcePools',
      { method: 'POST', body: {}, headers: { 'Content-Type': 'application/json; charset=koi8-r' } },
      415,
    ],
  ] as const)('of %s', async (_what, path, asked, status) => {
    expect(problemOf(await ask(path, asked))[0]).toBe(status);
  });

  test('of a method name those that are defined, and OPTIONS too', async () => {
    const put = await ask('/resourcePools/x', { method: 'PUT' });
    const options = await ask('/resourcePools', { method: 'OPTIONS' });

    expect(put.headers.allow).toBe('GET, PATCH, DELETE, HEAD, OPTIONS');
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, POST, HEAD, OPTIONS']);
  });

  test('of a Host that is none', async () => {
    const { hostname, port } = new URL(world.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.end(
          `GET ${ownBase}/resources HTTP/1.1\r\nHost: a b\r\nAuthorization: Bearer admin\r\nConnection: close\r\n\r\n`,
        ),
      );
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('error', reject).on('end', () => resolve(received));
    });

    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('application/problem+json');
  });

  test('hide what belongs to others: permissions, tenants, credentials', async () => {
    const path = `/resourcePools/${world.idOf('ResourcePool', 'theirs')}`;
    const [owned, foreign] = await Promise.all([ask(path, { token: 'blue' }), ask(path, { token: 'red' })]);
    const managers = json(await ask('/deploymentManagers', { token: 'reader' }))['items'] as { extensions: object }[];

    expect(problemOf(await ask('/resourcePools', { token: 'reader', method: 'POST', body: {} })).slice(0, 2)).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(problemOf(await ask('/resources', { token: 'nobody' }))[0]).toBe(403);
    expect(problemOf(await ask('/resources', { token: 'unknown' }))[0]).toBe(401);
    expect([owned.status, problemOf(foreign)[0]]).toEqual([200, 404]);
    expect(managers[0]!.extensions).toEqual({ profileName: 'native_k8sapi' });
  });

  test('of what no backend can do', async () => {
    const reply = await ask(`/resources/${world.idOf('Resource', 'alpha')}`, { method: 'DELETE' });

    expect(problemOf(reply).slice(0, 2)).toEqual([501, 'UNSUPPORTED']);
  });
});

describe('beside tRPC', () => {
  test('the shared inputs stay strict after calls of REST', async () => {
    await ask('/resourcePools/x/scale', { method: 'POST', body: { size: 2 } });
    await ask('/resourcePools?first=2&page=1');
    const scale = allOperations.find((each) => each.name === 'resourcePools.scale')!;
    const list = allOperations.find((each) => each.name === 'resourcePools.list')!;

    expect(scale.input.safeParse({ id: 'x', size: '2' }).success).toBe(false);
    expect(list.input.safeParse({ first: '2' }).success).toBe(false);
    expect(problemOf(await ask('/resourcePools/x/scale', { method: 'POST', body: { size: '2' } })).slice(0, 2)).toEqual(
      [400, 'INVALID'],
    );
  });

  test('every operation has a path of its own', () => {
    const routes = ownRoutes(allOperations);

    expect(new Set(routes.map((route) => `${route.method} ${route.path}`)).size).toBe(allOperations.length);
    expect(routes.find((route) => route.operation.name === 'oClouds.get')?.path).toBe('/oCloud');
  });
});

describe('every code', () => {
  let failing: World;
  beforeAll(async () => {
    const operations = allOperations.map((each) => {
      if (each.name === 'resourcePools.scale') return { ...each, run: failWith };
      return each.name === 'resourcePools.get' ? { ...each, run: answerNothing } : each;
    });
    failing = await openWorld(
      (parts) => ({ [ownBase]: ownFacade({ ...parts, publicUrl }), '/trpc': trpcFacade(parts) }),
      operations,
    );
  });
  afterAll(() => failing.close());

  test.each(codes.map((code, size) => [code, size] as const))('%s is the same here and in tRPC', async (code, size) => {
    const client = createClient({ url: `${failing.url}/trpc`, token: 'admin' });
    const reply = await failing.ask(`${ownBase}/resourcePools/x/scale`, { method: 'POST', body: { size } });
    const other = (await client.resourcePools.scale.mutate({ id: 'x', size }).catch((error: unknown) => error)) as {
      message: string;
      data: { code: string };
    };

    expect(problemOf(reply)).toEqual([statusOf[code], code, other.message]);
    expect(other.data.code).toBe(code);
    expect(reply.headers['retry-after']).toBe(code === 'INTERNAL' ? undefined : '3');
    expect(reply.text).not.toContain('secret');
  });

  test('a fault of the facade is withheld from the caller and shown to the operator', async () => {
    const reply = await failing.ask(`${ownBase}/resourcePools/x`);

    expect(problemOf(reply).slice(0, 2)).toEqual([500, 'INTERNAL']);
    expect(failing.unforeseen).toHaveLength(1);
  });
});

function failWith(_call: unknown, input: unknown): never {
  const code: Code = codes[(input as { size: number }).size]!;
  if (code === 'INTERNAL') throw new Error('a secret of ours');
  throw new Fault(code, `Refused as ${code}.`, { at: 'size', retryAfter: 3 });
}

function answerNothing(): RowAnswer {
  return { kind: 'row', gaps: [] } as unknown as RowAnswer;
}
