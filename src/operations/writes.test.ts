import { afterEach, describe, expect, test } from '@jest/globals';
import { asked, idOf } from './testing/boxes.js';
import { openOperator, type Operator } from './testing/operator.js';

const open: Operator[] = [];
async function opened(...given: Parameters<typeof openOperator>): Promise<Operator> {
  asked.length = 0;
  const operator = await openOperator(...given);
  open.push(operator);
  return operator;
}
afterEach(async () => {
  for (const operator of open.splice(0)) await operator.close();
});

const pool = (name: string) => ({ name, description: 'mine' });
const east = (identity: string) => idOf('east', 'ResourcePool', identity);

describe('a write', () => {
  test('of a new object goes where routing says, in the name of the tenant, and can be read at once', async () => {
    const { writes, call, view } = await opened(undefined, [
      { object: 'ResourcePool', filter: '(eq,name,new)', priority: 1, instance: 'west', strategy: 'first' },
    ]);
    const answer = await writes.create(call('red'), 'ResourcePool', pool('new'));
    const id = idOf('west', 'ResourcePool', 'new');
    expect(answer).toMatchObject({ kind: 'written', id, row: { id, tenant: 'red', instance: 'west' } });
    expect(view.get(call('red').scope, 'ResourcePool', id)).toBe(answer.row);
    expect(view.get(call('blue').scope, 'ResourcePool', id)).toBeUndefined();
    expect(view.position().seq).toBeGreaterThanOrEqual(answer.position.seq);
    expect(answer.position.seq).toBeGreaterThanOrEqual(answer.row!.position.seq);
  });

  test('changes, scales and deletes what is there, each readable when it is answered', async () => {
    const { writes, call, view } = await opened({ east: {} });
    const id = east('red');
    expect((await writes.update(call('red'), 'ResourcePool', id, { name: 'crimson' })).row?.value).toMatchObject({
      name: 'crimson',
    });
    expect((await writes.scale(call('red'), 'ResourcePool', id, 9)).row?.value).toMatchObject({
      description: '9 boxes',
      name: 'crimson',
    });
    const { row, position } = await writes.delete(call('red'), 'ResourcePool', id);
    expect([row, view.get(call().scope, 'ResourcePool', id)]).toEqual([undefined, undefined]);
    expect(view.position().seq).toBeGreaterThanOrEqual(position.seq);
    expect(asked.map(({ method }) => method)).toEqual(['update', 'scale', 'delete']);
  });

  test('that changes nothing is answered with the object as it is', async () => {
    const { writes, call } = await opened({ east: {} });
    const first = await writes.scale(call('red'), 'ResourcePool', east('red'), 1);
    const again = await writes.scale(call('red'), 'ResourcePool', east('red'), 1);
    expect(again.row).toBe(first.row);
  });

  test('of many at once ends with each one having read its own', async () => {
    const { writes, call } = await opened({ east: {} });
    const names = Array.from({ length: 12 }, (_, number) => `pool-${number}`);
    const answers = await Promise.all(names.map((name) => writes.create(call(), 'ResourcePool', pool(name))));
    expect(answers.map(({ row }) => row?.value['name'])).toEqual(names);
  });
});

describe('a write is refused', () => {
  test('for what the caller does not see, as if it were not there', async () => {
    const { writes, call } = await opened({ east: {} });
    const absent = await writes
      .update(call('blue'), 'ResourcePool', east('none'), {})
      .catch((error: Error) => error.message);
    const foreign = await writes
      .update(call('blue'), 'ResourcePool', east('red'), {})
      .catch((error: Error) => error.message);
    expect(String(foreign).replace(east('red'), '')).toBe(String(absent).replace(east('none'), ''));
    await expect(writes.delete(call('blue'), 'ResourcePool', east('red'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(asked).toEqual([]);
  });

  test('for what all tenants share, and for a part of another object', async () => {
    const { writes, call } = await opened({ east: {} });
    await expect(writes.delete(call('red'), 'ResourcePool', east('shared'))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await writes.scale(call(), 'ResourcePool', east('shared'), 3);
    const part = idOf('east', 'Resource', 'red/part');
    await expect(writes.delete(call('red'), 'Resource', part)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('where the backend cannot do it, and told as the backend refuses it', async () => {
    const { writes, call } = await opened({ east: { cannot: ['scale'] } });
    await expect(writes.scale(call(), 'ResourcePool', east('red'), 3)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(writes.delete(call(), 'Resource', idOf('east', 'Resource', 'red'))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    await expect(writes.create(call(), 'ResourcePool', pool('taken'))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'There is one.',
    });
  });

  test('where no rule says which of several backends takes it, and where none can', async () => {
    const { writes, call } = await opened();
    await expect(writes.create(call(), 'ResourcePool', pool('x'))).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
    const { writes: none, call: callNone } = await opened({ east: { cannot: ['create'] } });
    await expect(none.create(callNone(), 'ResourcePool', pool('x'))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('for a reference to nothing, and while it is not known whether there is something', async () => {
    const { writes, call } = await opened({ east: {} });
    const value = { resourcePoolId: 'nowhere', description: '' };
    await expect(writes.create(call(), 'Resource', value)).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      detail: { at: 'resourcePoolId' },
    });
    const { writes: unread, call: callUnread } = await opened({ east: { silent: true } });
    await expect(unread.create(callUnread(), 'Resource', value)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(unread.delete(callUnread(), 'ResourcePool', east('red'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

test('a backend that has not been read yet can be written to, and read back', async () => {
  const { writes, call } = await opened({ east: { silent: true } });
  const { row } = await writes.create(call(), 'ResourcePool', pool('early'));
  expect(row?.value).toMatchObject({ name: 'early' });
});
