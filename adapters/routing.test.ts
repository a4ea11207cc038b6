import { describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { NothingSent } from './kit/guard.js';
import { firstToTake, routing, type RoutingRule } from './routing.js';

const rule = (instance: string, rest: Partial<RoutingRule> = {}): RoutingRule => ({
  object: 'ResourcePool',
  priority: 0,
  strategy: 'first',
  instance,
  ...rest,
});
const pool = { name: 'lab', description: 'A lab', extensions: { tier: 'edge' } };

function takers(rules: readonly RoutingRule[], able: readonly string[], absent: readonly string[] = [], value = pool) {
  return routing(rules).forCreate('ResourcePool', value, { able, absent });
}

describe('a new object goes', () => {
  test('to the only instance that is able', () => expect(takers([], ['a'])).toEqual(['a']));
  test('nowhere when several are able and no rule decides', () => expect(takers([], ['a', 'b'])).toEqual([]));
  test('nowhere when none is able', () => expect(takers([], [], ['a'])).toEqual([]));

  test('where the rule with the highest priority says', () => {
    const rules = [rule('a'), rule('b', { priority: 2 }), rule('c', { priority: 1 })];
    expect(takers(rules, ['a', 'b', 'c'])).toEqual(['b']);
  });

  test('where the first of equal rules says', () => expect(takers([rule('b'), rule('a')], ['a', 'b'])).toEqual(['b']));

  test('where the rule for this object says, not one for another', () => {
    expect(takers([rule('a', { object: 'Resource', priority: 9 }), rule('b')], ['a', 'b'])).toEqual(['b']);
  });

  test('past rules whose filter does not match', () => {
    const rules = [
      rule('a', { filter: '(eq,name,factory)', priority: 3 }),
      rule('b', { filter: '(eq,extensions/tier,edge);(cont,name,la)', priority: 2 }),
      rule('c', { priority: 1 }),
    ];
    expect(takers(rules, ['a', 'b', 'c'])).toEqual(['b']);
    expect(takers(rules, ['a', 'b', 'c'], [], { ...pool, name: 'factory' })).toEqual(['a']);
    expect(takers(rules, ['a', 'b', 'c'], [], { ...pool, name: 'x' })).toEqual(['c']);
  });

  test('past a rule for an instance that cannot take it', () => {
    expect(takers([rule('a', { priority: 1 }), rule('b')], ['b', 'c'])).toEqual(['b']);
  });

  test('to an instance that is away all the same: whether it could is not known, and the rule says there', () => {
    expect(takers([rule('a', { priority: 1 }), rule('b')], ['b'], ['a'])).toEqual(['a']);
  });

  test('on to the next rule after one that falls back, down to the first that does not', () => {
    const fallback = { strategy: 'fallback' } as const;
    const rules = [
      rule('a', { priority: 4, ...fallback }),
      rule('b', { priority: 3, ...fallback }),
      rule('a', { priority: 2, ...fallback }),
      rule('c', { priority: 1 }),
      rule('d'),
    ];
    expect(takers(rules, ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c']);
  });

  test('on to the only other one that is able when the rules end with one that falls back', () => {
    const rules = [rule('a', { strategy: 'fallback' })];
    expect(takers(rules, ['a', 'b'])).toEqual(['a', 'b']);
    expect(takers(rules, ['a', 'b', 'c'])).toEqual(['a']);
  });
});

describe('a rule that cannot be read', () => {
  test.each(['(eq,nosuch,x)', '(like,name,x)', 'name'])(
    '%s is a fault of the configuration, with its place',
    (filter) => {
      const read = () => routing([rule('a'), rule('b', { filter })]);
      expect(read).toThrow(
        expect.objectContaining({ code: 'INVALID', message: expect.stringMatching(/^routing\[1\]\.filter: ./) }),
      );
    },
  );
});

describe('one after the other', () => {
  async function ask(faults: Readonly<Record<string, Fault | undefined>>) {
    const asked: string[] = [];
    const taken = firstToTake(Object.keys(faults), async (instance) => {
      asked.push(instance);
      const fault = faults[instance];
      if (fault) throw fault;
      return instance;
    });
    return { asked, outcome: await taken.catch((fault: Fault) => fault.code) };
  }
  const away = new NothingSent('Away.', 5);

  test('the next is asked while nothing was sent', async () => {
    expect(await ask({ a: away, b: away, c: undefined, d: undefined })).toEqual({
      asked: ['a', 'b', 'c'],
      outcome: 'c',
    });
  });

  test('the last one’s answer counts', async () => {
    expect(await ask({ a: away, b: away })).toEqual({ asked: ['a', 'b'], outcome: 'BACKEND_UNAVAILABLE' });
  });

  test.each(['BACKEND_UNAVAILABLE', 'BACKEND_TIMEOUT', 'BACKEND_FAILED', 'UNPROCESSABLE'] as const)(
    'never after %s: a write may have happened, or was refused',
    async (code) =>
      expect(await ask({ a: new Fault(code, 'x'), b: undefined })).toEqual({ asked: ['a'], outcome: code }),
  );
});
