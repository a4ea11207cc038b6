import { mkdtemp, readdir, readFile, rm, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { kinds, type ChangeLine, type Documents, type Kind, type WriteAnswer } from './api.js';
import { startOCloud, type OCloud, type OCloudOptions } from './start.js';

const running: OCloud[] = [];
const folders: string[] = [];

async function start(options: OCloudOptions = {}): Promise<OCloud> {
  const oCloud = await startOCloud(options);
  running.push(oCloud);
  return oCloud;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'o-cloud-'));
  folders.push(path);
  return path;
}

async function list<K extends Kind>({ url }: OCloud, kind: K): Promise<Documents[K][]> {
  const lines = (await (await fetch(`${url}/v1/${kind}`)).text()).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Documents[K]);
}

async function everything(oCloud: OCloud): Promise<Record<string, unknown[]>> {
  const entries = await Promise.all(
    kinds.map(async (kind) => [kind, (await list(oCloud, kind)).map((document) => ({ ...document, version: 0 }))]),
  );
  return Object.fromEntries(entries) as Record<string, unknown[]>;
}

async function send(
  { url }: OCloud,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: WriteAnswer & { error: { message: string } } }> {
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as never };
}

/** Follows a watch until `count` changes came. */
async function watch({ url }: OCloud, since: number, count: number): Promise<ChangeLine[]> {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/watch?since=${since}`, { signal: abort.signal });
  const changes: ChangeLine[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop()!;
    for (const line of lines) {
      const parsed = JSON.parse(line) as ChangeLine;
      if (parsed.type === 'put' || parsed.type === 'drop') changes.push(parsed);
    }
    if (changes.length >= count) break;
  }
  abort.abort();
  return changes;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((oCloud) => oCloud.close()));
  await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true })));
});

describe('a world', () => {
  test('is the same for the same seed, changes included, and another for another seed', async () => {
    const [one, same, other] = await Promise.all([start({ seed: 7 }), start({ seed: 7 }), start({ seed: 8 })]);
    expect(await everything(one)).toEqual(await everything(same));
    expect(await everything(one)).not.toEqual(await everything(other));
    for (const oCloud of [one, same]) oCloud.tick(2_000);
    expect(await everything(one)).toEqual(await everything(same));
  });

  test('of the usual size has a dozen pools on seven sites, one of them with 250 resources and more', async () => {
    const oCloud = await start();
    const [sites, pools, equipment, clusters] = await Promise.all([
      list(oCloud, 'sites'),
      list(oCloud, 'pools'),
      list(oCloud, 'equipment'),
      list(oCloud, 'clusters'),
    ]);
    expect([sites.length, pools.length, equipment.length]).toEqual([7, 12, 400]);
    const sizes = pools.map(({ id }) => equipment.filter(({ pool }) => pool === id).length);
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(250);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(clusters.length).toBeGreaterThan(3);
    expect(new Set(pools.map(({ owner }) => owner))).toEqual(new Set([null, 'tenant-a', 'tenant-b']));
    expect(pools.filter(({ owner, tier }) => owner !== null && tier !== 'edge')).toEqual([]);
  });

  test('names only what there is, and everything once', async () => {
    const oCloud = await start({ size: 3_000 });
    const [sites, models, pools, equipment, clusters] = await Promise.all([
      list(oCloud, 'sites'),
      list(oCloud, 'models'),
      list(oCloud, 'pools'),
      list(oCloud, 'equipment'),
      list(oCloud, 'clusters'),
    ]);
    const idsOf = (documents: readonly { readonly id: string }[]) => new Set(documents.map(({ id }) => id));
    const [siteIds, modelIds, poolIds] = [idsOf(sites), idsOf(models), idsOf(pools)];
    expect(pools.filter(({ site }) => !siteIds.has(site))).toEqual([]);
    expect(clusters.filter(({ site, pool }) => !siteIds.has(site) || !poolIds.has(pool))).toEqual([]);
    expect(equipment.filter(({ pool, model }) => !poolIds.has(pool) || !modelIds.has(model))).toEqual([]);
    const components = equipment.flatMap((each) => each.components);
    expect(equipment.filter((each) => each.components.length === 0)).toEqual([]);
    const used = new Set([...components.map(({ model }) => model), ...equipment.map(({ model }) => model)]);
    expect([...used].filter((model) => !modelIds.has(model))).toEqual([]);
    expect(used.size).toBeGreaterThanOrEqual(40);
    const serials = [...components.map(({ serial }) => serial), ...equipment.map(({ assetTag }) => assetTag)];
    expect(new Set(serials).size).toBe(serials.length);
    expect(idsOf(equipment).size).toBe(3_000);
  });

  test('stays believable, however much changes', async () => {
    const oCloud = await start();
    const models = new Map((await list(oCloud, 'models')).map(({ id, name }) => [id, name]));
    oCloud.tick(20_000);
    const equipment = await list(oCloud, 'equipment');
    expect(Math.abs(equipment.length - 400)).toBeLessThanOrEqual(1);
    expect(equipment.filter(({ health }) => health !== 'ok').length).toBeLessThanOrEqual(20);
    expect(equipment.filter(({ tags }) => tags.includes('maintenance')).length).toBeLessThanOrEqual(50);
    expect(equipment.filter(({ summary, model }) => !summary.includes(models.get(model)!))).toEqual([]);
    expect(equipment.filter(({ id }) => id.startsWith('eq-d')).length).toBeGreaterThan(10);
  });

  test.each([
    [1, 1],
    [5, 9],
    [100, 3],
    [2_500, 60],
  ])('may have %i pieces of equipment in %i pools', async (size, pools) => {
    const oCloud = await start({ size, pools });
    const { objects } = oCloud.stats();
    expect([objects.equipment, objects.pools]).toEqual([size, pools]);
    oCloud.tick(50);
    expect(oCloud.stats().objects.pools).toBe(pools);
  });
});

describe('a watch', () => {
  test('tells every change in order, from where it is asked to', async () => {
    const oCloud = await start({ history: 500 });
    const since = oCloud.stats().sequence;
    const coming = watch(oCloud, since, 300);
    oCloud.tick(300);
    const changes = await coming;
    const last = oCloud.stats().sequence;
    expect(changes.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: last - since }, (_, at) => since + 1 + at),
    );
    expect(await watch(oCloud, last - 10, 10)).toEqual(changes.slice(-10));
    const mirror = new Map<string, unknown>();
    for (const change of changes)
      mirror.set(`${change.kind}/${change.id}`, change.type === 'put' ? change.object : undefined);
    for (const [key, object] of mirror) {
      const response = await fetch(`${oCloud.url}/v1/${key}`);
      expect(response.status === 404 ? undefined : await response.json()).toEqual(object);
    }
  });

  test('is refused with 410 for what is no longer, or not yet, known', async () => {
    const oCloud = await start({ history: 100 });
    const first = oCloud.stats().sequence;
    oCloud.tick(200);
    const { sequence } = oCloud.stats();
    for (const since of [first, sequence - 101, sequence + 1, 0])
      expect((await send(oCloud, 'GET', `/v1/watch?since=${since}`)).status).toBe(410);
    expect((await send(oCloud, 'GET', '/v1/watch?since=x')).status).toBe(400);
    expect(await watch(oCloud, sequence - 100, 100)).toHaveLength(100);
  });

  test('changes by itself at the rate that is asked for', async () => {
    const oCloud = await start({ changesPerSecond: 200 });
    const changes = await watch(oCloud, oCloud.stats().sequence, 20);
    expect(new Set(changes.map(({ kind }) => kind)).has('equipment')).toBe(true);
  });
});

describe('writes', () => {
  test('create, change, scale and delete, and say what changed', async () => {
    const oCloud = await start();
    const created = await send(oCloud, 'POST', '/v1/pools', {
      name: 'lab',
      site: 'lys1',
      attributes: { costCentre: 'x' },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { changes: [{ type: 'put', kind: 'pools', object: { name: 'lab', tier: 'regional', place: 'Lyon, FR' } }] },
    });
    const pool = created.body.id;
    const scaled = await send(oCloud, 'POST', `/v1/pools/${pool}/resize`, { count: 3 });
    expect(scaled.body.changes).toHaveLength(3);
    const [first] = scaled.body.changes;
    const patched = await send(oCloud, 'PATCH', `/v1/equipment/${first!.id}`, {
      locked: true,
      tags: ['mine'],
      attributes: { a: { b: 1, c: 2 } },
    });
    expect(patched.body.changes[0]).toMatchObject({
      object: { locked: true, tags: ['mine'], attributes: { a: { b: 1, c: 2 } } },
    });
    const again = await send(oCloud, 'PATCH', `/v1/equipment/${first!.id}`, { attributes: { a: { b: null } } });
    expect(again.body.changes[0]).toMatchObject({ object: { locked: true, attributes: { a: { c: 2 } } } });
    expect((await send(oCloud, 'DELETE', `/v1/pools/${pool}`)).status).toBe(409);
    const emptied = await send(oCloud, 'POST', `/v1/pools/${pool}/resize`, { count: 0 });
    expect(emptied.body.changes.map(({ type }) => type)).toEqual(['drop', 'drop', 'drop']);
    expect((await send(oCloud, 'DELETE', `/v1/pools/${pool}`)).body.changes).toMatchObject([
      { type: 'drop', kind: 'pools', id: pool },
    ]);
    expect((await send(oCloud, 'GET', `/v1/pools/${pool}`)).status).toBe(404);
  });

  test.each([
    ['POST', '/v1/pools', {}, 422, "'name' is wrong"],
    ['POST', '/v1/pools', { name: 'a', site: 'xyz' }, 422, "'site' names 'xyz'"],
    ['POST', '/v1/pools', { name: 'fra1-core-1' }, 409, "named 'fra1-core-1' already"],
    ['PATCH', '/v1/pools/pool-fra1-core-1', { site: 'lys1' }, 422, 'a pool does not move'],
    ['POST', '/v1/pools/pool-fra1-core-1/resize', { count: -1 }, 422, "'count' is wrong"],
    ['DELETE', '/v1/pools/pool-fra1-core-1', undefined, 409, 'still holds'],
    ['DELETE', '/v1/pools/none', undefined, 404, "no pool 'none'"],
    ['POST', '/v1/equipment', { pool: 'none' }, 422, "'pool' names 'none'"],
    ['POST', '/v1/equipment', { pool: 'pool-fra1-core-1', model: 'intel-8592' }, 422, 'a part of equipment'],
    ['PATCH', '/v1/equipment/eq-00000', { serial: 'x' }, 422, 'Unrecognized key'],
    ['DELETE', '/v1/equipment/none', undefined, 404, "no equipment 'none'"],
    ['GET', '/v2/pools', undefined, 404, 'There is nothing at GET /v2/pools'],
  ])('%s %s %j is refused with %i', async (method, path, body, status, message) => {
    const oCloud = await start();
    const before = oCloud.stats();
    const refused = await send(oCloud, method, path, body);
    expect(refused.status).toBe(status);
    expect(refused.body.error.message).toContain(message);
    expect(oCloud.stats().sequence).toBe(before.sequence);
  });

  test('survive a restart with their ids, above all versions that were said before', async () => {
    const dataDirectory = await folder();
    const options = { dataDirectory, changesPerSecond: 0 };
    const before = await start(options);
    const pool = (await send(before, 'POST', '/v1/pools', { name: 'lab' })).body.id;
    const server = (await send(before, 'POST', '/v1/equipment', { pool, summary: 'mine' })).body.id;
    await send(before, 'PATCH', '/v1/equipment/eq-00001', { locked: true });
    await send(before, 'DELETE', '/v1/equipment/eq-00002');
    const gone = (await send(before, 'POST', '/v1/equipment', { pool })).body.id;
    await send(before, 'DELETE', `/v1/equipment/${gone}`);
    const known = await everything(before);
    const { sequence } = before.stats();
    await before.close();

    const after = await start(options);
    expect(after.stats().sequence).toBeGreaterThan(sequence);
    for (const kind of kinds)
      expect(new Set((await everything(after))[kind]!.map((each) => JSON.stringify(each)))).toEqual(
        new Set(known[kind]!.map((each) => JSON.stringify(each))),
      );
    expect((await list(after, 'equipment')).find(({ id }) => id === server)).toMatchObject({ summary: 'mine', pool });
    const versions = (await list(after, 'equipment')).map(({ version }) => version);
    expect(Math.min(...versions)).toBeGreaterThan(sequence);
    after.tick(3_000);
    expect((await list(after, 'equipment')).find(({ id }) => id === 'eq-00001')).toMatchObject({
      locked: true,
      health: 'ok',
    });
    expect((await send(after, 'GET', '/v1/equipment/eq-00002')).status).toBe(404);
  });

  test('leave a journal that holds the last word on each object, and another for another world', async () => {
    const dataDirectory = await folder();
    const first = await start({ dataDirectory });
    const created = (await send(first, 'POST', '/v1/pools', { name: 'a' })).body.id;
    for (const name of ['b', 'c', 'd']) await send(first, 'PATCH', `/v1/pools/${created}`, { name });
    const gone = (await send(first, 'POST', '/v1/pools', { name: 'e' })).body.id;
    await send(first, 'DELETE', `/v1/pools/${gone}`);
    await first.close();
    const [file] = await readdir(dataDirectory);
    const path = join(dataDirectory, file!);
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(6);
    await appendFile(path, '{"sequence":1,"kind":"pools","id":"cut o');
    const second = await start({ dataDirectory });
    expect(
      (await readFile(path, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ id: created, state: { name: 'd' } }]);
    expect(second.stats().objects.pools).toBe(13);
    const other = await start({ dataDirectory, size: 401 });
    expect(other.stats().objects.pools).toBe(12);
  });

  test('that many send at once are all kept', async () => {
    const dataDirectory = await folder();
    const before = await start({ dataDirectory });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => send(before, 'POST', '/v1/pools', { name: `pool ${at}` })),
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(100);
    await before.close();
    const after = await start({ dataDirectory });
    const kept = new Set((await list(after, 'pools')).map(({ id }) => id));
    expect([...ids].filter((id) => !kept.has(id))).toEqual([]);
  });
});

test('requests are counted by route, and a token is demanded of each', async () => {
  const oCloud = await start({ token: 'secret' });
  expect((await fetch(`${oCloud.url}/v1/pools`)).status).toBe(401);
  const headers = { authorization: 'Bearer secret' };
  expect((await fetch(`${oCloud.url}/v1/pools/pool-fra1-core-1`, { headers })).status).toBe(200);
  expect((await fetch(`${oCloud.url}/v1/pools/pool-muc1-cu-1`, { headers })).status).toBe(200);
  expect(oCloud.stats().requests).toEqual({ 'GET /v1/pools': 1, 'GET /v1/pools/{id}': 2 });
});
