import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Fault, notFound } from '#schema/errors.js';
import type { Answer } from './operation.js';
import { caller, faultOf, forever, mutation, openDoor, query, row, type Door } from './testing/door.js';

let { account, audit, counted, unforeseen, opened, close } = {} as Door;
beforeEach(async () => {
  ({ account, audit, counted, unforeseen, opened, close } = await openDoor());
});
afterEach(() => close());

describe('before anything runs', () => {
  const never = query(() => {
    throw new Error('It ran.');
  });

  test('the rate limit comes first, the permission next, the input last', async () => {
    const wait = opened({ charge: () => 3 });
    expect(await faultOf(() => wait.call(caller({}, []), never, 7))).toMatchObject({
      code: 'RATE_LIMITED',
      detail: { retryAfter: 3 },
    });
    expect(await faultOf(() => opened().call(caller({}, []), never, 7))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await faultOf(() => opened().call(caller(), never, { id: 1, other: 2 }))).toMatchObject({
      code: 'INVALID',
      detail: { at: 'id' },
    });
    expect(unforeseen).toEqual([]);
  });

  test('a request is charged once, however many operations it needs', async () => {
    let charged = 0;
    const ours = opened({ charge: () => ((charged += 1), 0) });
    const once = caller();
    for (let each = 0; each < 3; each += 1)
      await ours.call(
        once,
        query(() => row),
        { id: 'a' },
      );
    await ours.call(
      caller(),
      query(() => row),
      { id: 'a' },
    );
    expect(charged).toBe(2);
  });

  test('may be asked without running anything', () => {
    expect(opened().mayCall(caller().principal, never)).toBe(true);
    expect(opened().mayCall(caller({}, []).principal, never)).toBe(false);
  });
});

describe('an operation', () => {
  test('is given its caller, the page size and a parsed input; its answer names the gaps', async () => {
    const seen: unknown[] = [];
    const answer = await opened().call(
      caller(),
      query(({ principal, pageSize }, input) => (seen.push(principal.name, pageSize, input), row)),
      { id: 'a' },
    );
    expect(seen).toEqual(['ann', 7, { id: 'a' }]);
    expect(answer).toMatchObject({ kind: 'row', gaps: [{ instance: 'east' }] });
    expect(counted).toMatchObject([{ operation: 'resourcePools.get', code: 'OK' }]);
  });

  test('knows that there is none only when every backend has been read, or waited for long enough', async () => {
    const absent = query((call, { id }) => {
      call.knows('ResourcePool');
      throw notFound('ResourcePool', id);
    });
    const ask = (ours = opened()) => faultOf(() => ours.call(caller(), absent, { id: 'a' }));
    expect(await ask()).toMatchObject({ code: 'UNAVAILABLE', detail: { retryAfter: 1 } });
    expect(await ask(opened({ firstSyncTimeout: -1 }))).toMatchObject({ code: 'NOT_FOUND' });
    account.synced('east', 'ResourcePool', 1);
    expect(await ask()).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('that is asked for with the stamp of its answer says without a promise that it still holds', async () => {
    let stamp = 'one';
    const stamped = query(() => row, { stamp: () => stamp });
    expect(opened().call(caller(), stamped, { id: 'a' }, 'one')).toMatchObject({
      kind: 'unchanged',
      gaps: [{ instance: 'east' }],
    });
    expect(counted).toMatchObject([{ operation: 'resourcePools.get', code: 'OK' }]);
    stamp = 'two';
    expect(await opened().call(caller(), stamped, { id: 'a' }, 'one')).toMatchObject({ kind: 'row' });
    expect(await faultOf(() => opened().call(caller({}, []), stamped, { id: 'a' }, 'two'))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('what goes wrong', () => {
  test('is told as it is when it is a fault, and withheld when nobody foresaw it', async () => {
    const ours = opened();
    expect(
      await faultOf(() =>
        ours.call(
          caller(),
          query(() => Promise.reject(new Fault('CONFLICT', 'Two.'))),
          { id: 'a' },
        ),
      ),
    ).toMatchObject({ code: 'CONFLICT', message: 'Two.' });
    const secret = await faultOf(() =>
      ours.call(
        caller(),
        query(() => Promise.reject(new Error('password'))),
        { id: 'a' },
      ),
    );
    expect(secret.code).toBe('INTERNAL');
    expect(secret.message).not.toContain('password');
    expect(unforeseen).toMatchObject([{ message: 'password' }]);
    expect(counted.map(({ code }) => code)).toEqual(['CONFLICT', 'INTERNAL']);
  });

  test('a query ends when its client leaves or its time is over', async () => {
    const left = new AbortController();
    const call = faultOf(() =>
      opened({ deadline: 60_000 }).call(caller({ signal: left.signal }), query(forever), { id: 'a' }),
    );
    left.abort();
    expect(await call).toMatchObject({ code: 'CANCELLED' });
    expect(await faultOf(() => opened().call(caller(), query(forever), { id: 'a' }))).toMatchObject({
      code: 'UNAVAILABLE',
      detail: { retryAfter: 1 },
    });
  });

  test('a count that is made after the answer fails like the answer', async () => {
    const rows = { kind: 'rows', runs: [], total: () => Promise.reject(new Error('broken')) } as unknown as Answer;
    const answer = (await opened().call(
      caller(),
      query(() => rows),
      { id: 'a' },
    )) as Answer & { kind: 'rows' };
    expect(await faultOf(() => answer.total())).toMatchObject({ code: 'INTERNAL' });
    expect(unforeseen).toHaveLength(1);
  });
});

describe('a mutation', () => {
  test('is written to the audit log before and after', async () => {
    await opened().call(
      caller(),
      mutation(() => (audit.push('ran' as never), row)),
      { id: 'a' },
    );
    const same = { requestId: 'r1', principal: 'ann', tenant: 'red', operation: 'resourcePools.update', target: 'a' };
    expect(audit).toMatchObject([{ ...same, stage: 'intent' }, 'ran', { ...same, stage: 'outcome', code: 'OK' }]);
  });

  test('that fails is audited with its code', async () => {
    await faultOf(() =>
      opened().call(
        caller(),
        mutation(() => Promise.reject(new Fault('CONFLICT', 'x'))),
        { id: 'a' },
      ),
    );
    expect(audit.at(-1)).toMatchObject({ stage: 'outcome', code: 'CONFLICT' });
  });

  test('does not happen when its intent cannot be written', async () => {
    let ran = false;
    const full = { readAudit: async () => [], appendAudit: () => Promise.reject(new Error('full')) };
    const call = () =>
      opened({ store: full }).call(
        caller(),
        mutation(() => ((ran = true), row)),
        { id: 'a' },
      );
    expect(await faultOf(call)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(ran).toBe(false);
  });

  test('that is refused because its intent cannot be written waits for no outcome', async () => {
    let writes = 0;
    const silent = {
      readAudit: async () => [],
      appendAudit: () => ((writes += 1) > 1 ? new Promise<void>(() => undefined) : Promise.reject(new Error('silent'))),
    };
    const call = () =>
      opened({ store: silent }).call(
        caller(),
        mutation(() => row),
        { id: 'a' },
      );
    expect(await faultOf(call)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(writes).toBe(2);
  });

  test('stands when only its outcome cannot be written, and the operator is told', async () => {
    let writes = 0;
    const filling = {
      readAudit: async () => [],
      appendAudit: () => ((writes += 1) > 1 ? Promise.reject(new Error('full')) : Promise.resolve()),
    };
    expect(
      await opened({ store: filling }).call(
        caller(),
        mutation(() => row),
        { id: 'a' },
      ),
    ).toMatchObject({ kind: 'row' });
    expect(unforeseen).toMatchObject([{ message: 'full' }]);
  });

  test('says nothing of its own when the store takes no writes: the operator hears that once, from the store', async () => {
    const full = { readAudit: async () => [], appendAudit: () => Promise.reject(new Fault('UNAVAILABLE', 'Full.')) };
    const call = () =>
      opened({ store: full }).call(
        caller(),
        mutation(() => row),
        { id: 'a' },
      );
    expect(await faultOf(call)).toMatchObject({ code: 'UNAVAILABLE', detail: { retryAfter: 5 } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unforeseen).toEqual([]);
  });

  test('goes on when its client leaves, but not beyond its deadline', async () => {
    const left = new AbortController();
    const call = opened({ deadline: 60_000 }).call(
      caller({ signal: left.signal }),
      mutation(async ({ signal }) => {
        left.abort();
        await new Promise((resolve) => setImmediate(resolve));
        expect(signal.aborted).toBe(false);
        return row;
      }),
      { id: 'a' },
    );
    expect(await call).toMatchObject({ kind: 'row' });
    const late = await faultOf(() => opened().call(caller(), mutation(forever), { id: 'a' }));
    expect([late.code, late.detail]).toEqual(['UNAVAILABLE', {}]);
    expect(late.message).toContain('may have been done');
  });

  test.each([
    ['nobody foresaw', new Error('broken'), 'INTERNAL', [{ message: 'broken' }]],
    ['is its deadline', new DOMException('late', 'TimeoutError'), 'UNAVAILABLE', []],
  ])('fails by its own reason when its client has left: what %s', async (_, thrown, code, told) => {
    const left = new AbortController();
    left.abort();
    const failing = mutation(() => {
      throw thrown;
    });
    const fault = await faultOf(() => opened().call(caller({ signal: left.signal }), failing, { id: 'a' }));
    expect([fault.code, counted.at(-1)?.code, audit.at(-1)?.code]).toEqual([code, code, code]);
    expect(unforeseen).toMatchObject(told);
  });
});
