import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Operation } from './operation.js';
import { caller, faultOf, mutation, openDoor, query, row, type Door } from './testing/door.js';

let { audit, counted, unforeseen, opened, close } = {} as Door;
beforeEach(async () => {
  ({ audit, counted, unforeseen, opened, close } = await openDoor());
});
afterEach(() => close());

describe('what is not admitted', () => {
  const refused = async (operation: Operation, input: unknown, by = caller({}, [])) => {
    await faultOf(() => opened().call(by, operation, input));
    return { audit: audit.splice(0), counted: counted.splice(0).map(({ code }) => code) };
  };
  const change = mutation(() => row);
  const end = { requestId: 'r1', principal: 'ann', tenant: 'red', operation: 'resourcePools.update', stage: 'outcome' };

  test('is counted with its code', async () => {
    const read = query(() => row);
    expect((await refused(read, { id: 'a' })).counted).toEqual(['FORBIDDEN']);
    expect((await refused(read, 7, caller())).counted).toEqual(['INVALID']);
    await faultOf(() => opened({ charge: () => 1 }).call(caller(), read, { id: 'a' }));
    expect(counted).toMatchObject([{ operation: 'resourcePools.get', code: 'RATE_LIMITED' }]);
  });

  test('has one outcome in the audit log if it is a mutation, whatever it was given', async () => {
    const forbidden = await refused(change, { id: 'a', patch: { name: 'secret', colour: 'red', __proto__: null } });
    expect(forbidden.audit).toMatchObject([{ ...end, code: 'FORBIDDEN', target: 'a', attributes: ['name'] }]);
    expect(JSON.stringify(forbidden.audit)).not.toMatch(/secret|colour/);
    expect(forbidden.counted).toEqual(['FORBIDDEN']);
    for (const input of [undefined, null, 7, 'text', [], { id: 'x'.repeat(256) }, { id: {}, patch: null, value: 7 }]) {
      const { audit: entries } = await refused(change, input);
      expect(entries).toEqual([{ ...end, code: 'FORBIDDEN', at: expect.any(String) }]);
    }
    expect((await refused(change, { id: 1 }, caller())).audit).toMatchObject([{ ...end, code: 'INVALID' }]);
    expect(
      (
        await refused(
          query(() => row),
          { id: 'a' },
        )
      ).audit,
    ).toEqual([]);
  });

  test('is refused all the same when that cannot be written, and the operator is told', async () => {
    const full = { readAudit: async () => [], appendAudit: () => Promise.reject(new Error('full')) };
    const call = () => opened({ store: full }).call(caller({}, []), change, { id: 'a' });
    expect(await faultOf(call)).toMatchObject({ code: 'FORBIDDEN' });
    expect(unforeseen).toMatchObject([{ message: 'full' }]);
  });

  test('does not fill the audit log', async () => {
    const ours = opened();
    for (let each = 0; each < 150; each += 1) await faultOf(() => ours.call(caller({}, []), change, { id: 'a' }));
    expect(audit.length).toBeGreaterThanOrEqual(100);
    expect(audit.length).toBeLessThan(150);
    expect(counted).toHaveLength(150);
  });
});
