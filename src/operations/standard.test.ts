import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { objects } from '#schema/objects.js';
import { rowsOf } from '../inventory/query.js';
import type { RowsAnswer } from './operation.js';
import { get, getOnly, list } from './standard.js';
import { idOf } from './testing/boxes.js';
import { openOperator, type Operator } from './testing/operator.js';

let operator: Operator;
beforeAll(async () => {
  operator = await openOperator({ east: {} });
  for (const name of ['a', 'b', 'c', 'd']) await operator.writes.create(operator.call('red'), 'ResourcePool', { name });
});
afterAll(() => operator.close());

const pools = list(objects.ResourcePool);
const resources = list(objects.Resource);
const onePool = get(objects.ResourcePool);
const oneResource = get(objects.Resource);
const red = () => operator.call('red');

async function ask(
  input: object,
  call = red(),
  operation: typeof pools | typeof resources = pools,
): Promise<RowsAnswer> {
  return (await operation.run(call, operation.input.parse(input))) as RowsAnswer;
}
const names = ({ runs }: RowsAnswer) => [...rowsOf(runs)].map(({ value }) => value['name'] as string);
const byName = { orderBy: { attribute: 'name' } };

describe('a list', () => {
  test('comes in pages that markers lead through, in id order or in the order asked for', async () => {
    for (const descending of [undefined, false, true]) {
      const order = descending === undefined ? {} : { orderBy: { attribute: 'name', descending } };
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const answer = await ask({ ...order, ...(after === undefined ? {} : { after }) });
        expect(names(answer).length).toBeLessThanOrEqual(2);
        seen.push(...names(answer));
        if (answer.next === undefined) break;
        after = answer.next;
      }
      expect(seen.toSorted()).toEqual(['a', 'b', 'c', 'd', 'red', 'shared']);
      if (descending !== undefined) expect(seen).toEqual(descending ? seen.toSorted().toReversed() : seen.toSorted());
    }
  });

  test('can be gone on with behind any of its rows', async () => {
    const answer = await ask({ ...byName, first: 3 });
    const marker = answer.markerOf([...rowsOf(answer.runs)][0]!);
    expect(names(await ask({ ...byName, first: 3, after: marker }))).toEqual(['b', 'c', 'd']);
  });

  test('takes no marker of another query or another tenant', async () => {
    const { next } = await ask(byName);
    const others = [{ orderBy: { attribute: 'description' } }, { ...byName, filter: '(eq,name,a)' }, {}];
    for (const other of others) await expect(ask({ ...other, after: next })).rejects.toMatchObject({ code: 'INVALID' });
    await expect(ask({ ...byName, after: next }, operator.call('blue'))).rejects.toMatchObject({ code: 'INVALID' });
    await expect(ask({ ...byName, after: next }, operator.call())).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('is counted when that is asked for, as far as the scope sees it', async () => {
    expect(await (await ask({})).total()).toBe(6);
    expect(await (await ask({}, operator.call('blue'))).total()).toBe(1);
    expect(await (await ask({ filter: '(in,name,a,b,nobody)' })).total()).toBe(2);
  });

  test('has pages with numbers for those who count them', async () => {
    expect(names(await ask({ ...byName, page: 1 }))).toEqual(['a', 'b']);
    expect(names(await ask({ ...byName, page: 3 }))).toEqual(['red', 'shared']);
    expect(names(await ask({ ...byName, page: 4 }))).toEqual([]);
    expect(names(await ask({ ...byName, page: 999_999 }))).toEqual([]);
  });

  test('under a parent holds what is listed under it, and is not found without it', async () => {
    const parent = idOf('east', 'ResourcePool', 'a');
    const answer = await ask({ parent }, red(), resources);
    expect([...rowsOf(answer.runs)].map(({ value }) => value['description'])).toEqual(['box of a']);
    await expect(ask({ parent: 'none' }, red(), resources)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ parent }, operator.call('blue'), resources)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ parent })).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('refuses an order by what has none', async () => {
    for (const attribute of ['nothing', 'extensions', 'constructor']) {
      await expect(ask({ orderBy: { attribute } })).rejects.toMatchObject({
        code: 'INVALID',
        detail: { at: 'orderBy' },
      });
    }
    await expect(ask({ orderBy: { attribute: 'nmae' } })).rejects.toThrow("by 'nmae'. Did you mean 'name'?");
    await expect(ask({ orderBy: { attribute: 'tags' } }, red(), resources)).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('has a stamp that moves when the answer may have, and not when it cannot', async () => {
    const parent = idOf('east', 'ResourcePool', 'b');
    const stamps = () => ({
      red: pools.stamp!(red(), {}),
      blue: pools.stamp!(operator.call('blue'), {}),
      all: pools.stamp!(operator.call(), {}),
      under: resources.stamp!(red(), { parent }),
    });
    const before = stamps();
    await operator.writes.scale(red(), 'ResourcePool', idOf('east', 'ResourcePool', 'a'), 5);
    const after = stamps();
    expect(after.blue).toBe(before.blue);
    expect(after.under).toBe(before.under);
    expect(after.red).not.toBe(before.red);
    expect(after.all).not.toBe(before.all);
    expect((await ask({})).stamp).toBe(after.red);
    await operator.writes.create(red(), 'ResourcePool', { name: 'passing' });
    const passing = idOf('east', 'ResourcePool', 'passing');
    const present = resources.stamp!(red(), { parent: passing });
    await operator.writes.delete(red(), 'ResourcePool', passing);
    expect(resources.stamp!(red(), { parent: passing })).not.toBe(present);
  });
});

describe('one object', () => {
  const ask = async (input: object, operation: typeof onePool | typeof oneResource = onePool, call = red()) => {
    return operation.run(call, operation.input.parse(input)) as {
      readonly row: { readonly value: object };
      readonly stamp: string;
    };
  };

  test('is found by id, under its parent alone, by those who see it', async () => {
    const id = idOf('east', 'Resource', 'red');
    const parent = idOf('east', 'ResourcePool', 'red');
    expect((await ask({ id, parent }, oneResource)).row.value).toMatchObject({ description: 'box of red' });
    expect((await ask({ id: idOf('east', 'Resource', 'red/part'), parent }, oneResource)).row.value).toMatchObject({
      description: 'part',
    });
    const elsewhere = idOf('east', 'ResourcePool', 'shared');
    await expect(ask({ id, parent: elsewhere }, oneResource)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ id }, oneResource, operator.call('blue'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ id: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('has a stamp that moves with it and no other', async () => {
    const [id, other] = [idOf('east', 'ResourcePool', 'c'), idOf('east', 'ResourcePool', 'd')];
    const { stamp } = await ask({ id });
    await operator.writes.scale(red(), 'ResourcePool', other, 7);
    expect(onePool.stamp!(red(), { id })).toBe(stamp);
    await operator.writes.scale(red(), 'ResourcePool', id, 7);
    expect(onePool.stamp!(red(), { id })).not.toBe(stamp);
    expect(onePool.stamp!(operator.call('blue'), { id })).toBe('absent');
  });
});

test('the only one of its kind is not found while there is none', () => {
  expect(() => getOnly(objects.OCloud).run(red(), {})).toThrow(/There is no OCloud/);
});
