import { describe, expect, test } from '@jest/globals';
import { check, owedCount, type Interest } from './checker.js';
import type { EventName, History } from './ledger.js';
import type { Receipt } from './receipt.js';

const everything: Interest = {
  name: 'a',
  ordering: 'resource',
  types: ['ResourcePoolInfo', 'ResourceInfo'],
  events: ['created', 'modified', 'deleted'],
};
const strict = { ...everything, ordering: 'strict' } as const;

/** `o1: created 1, modified 2`, a second between two steps. */
function history(text: string): History {
  const [object, steps] = text.split(': ') as [string, string];
  return {
    object,
    type: 'ResourceInfo',
    steps: steps.split(', ').map((step, index) => {
      const [event, revision] = step.split(' ');
      return { event: event as EventName, revision: Number(revision), at: index * 1000 };
    }),
  };
}

/** `o1 created 1`, by default under an id of its own and taken; `!` at the end: it was not. */
function receipts(...lines: readonly (string | Partial<Receipt>)[]): readonly Receipt[] {
  return lines.map((line, index) => {
    const { fact = '', ...more } = typeof line === 'string' ? { fact: line } : (line as { fact?: string });
    const [object, event, revision] = fact.replace('!', '').split(' ');
    const own = {
      subscription: 'a',
      id: `id of ${fact.replace('!', '')}`,
      at: 10_000 + index,
      taken: !fact.endsWith('!'),
    };
    return { ...own, object, event: event as EventName, revision: Number(revision), ...more };
  });
}

function verdict(lives: readonly string[], told: readonly Receipt[], interests: readonly Interest[] = [everything]) {
  const histories = new Map(lives.map(history).map((each) => [each.object, each]));
  return check({ interests, histories, receipts: told });
}

const rules = (...args: Parameters<typeof verdict>) => verdict(...args).violations.map(({ rule }) => rule);
const life = 'o1: created 1, modified 2, modified 3, deleted 3';
const whole = ['o1 created 1', 'o1 modified 2', 'o1 modified 3', 'o1 deleted 3'];

describe('the checker lets pass', () => {
  test('a history that was told as it was', () => {
    expect(verdict([life], receipts(...whole), [strict])).toMatchObject({
      violations: [],
      owed: 2,
      received: 2,
      duplicates: 0,
      merged: 0,
      waits: [7003, 10_000],
    });
  });

  test('states that a later one overtook, and counts them', () => {
    expect(verdict([life], receipts('o1 created 2', 'o1 deleted 3'))).toMatchObject({ violations: [], merged: 2 });
    expect(verdict(['o1: created 1, modified 2'], receipts('o1 created 2'))).toMatchObject({
      violations: [],
      merged: 1,
    });
  });

  test('repeats under the same id, and counts only those of what was taken', () => {
    // The last of them is from somebody who stood still while he posted.
    const told = receipts('o1 created 1!', 'o1 created 1', 'o1 created 1', 'o1 modified 2', 'o1 created 1');
    expect(verdict(['o1: created 1, modified 2'], told, [strict])).toMatchObject({ violations: [], duplicates: 2 });
  });

  test('an object deleted and made again: it bears another label then', () => {
    const lives = ['o1: created 1, deleted 1', 'o2: created 2, modified 3'];
    const told = receipts('o1 created 1', 'o1 deleted 1', 'o2 created 2', 'o2 modified 3', 'o1 deleted 1');
    expect(verdict(lives, told, [strict])).toMatchObject({ violations: [], owed: 4, received: 4, duplicates: 1 });
  });

  test('a creation told late, and a deletion told of an earlier state, each again and again', () => {
    const told = receipts('o1 created 2!', 'o1 created 2', 'o1 deleted 2!', 'o1 deleted 2', 'o1 created 2');
    expect(verdict([life], told, [strict])).toMatchObject({ violations: [], duplicates: 1 });
  });

  test('what a subscription has not asked for', () => {
    const pools = { ...everything, types: ['ResourcePoolInfo'] } as const;
    const births = { ...everything, events: ['created'] } as const;
    expect(verdict([life], [], [pools])).toMatchObject({ violations: [], owed: 0 });
    expect(verdict([life], receipts('o1 created 1'), [births])).toMatchObject({ violations: [], owed: 1, merged: 0 });
  });

  test('another order of objects where only each object has one', () => {
    const lives = ['o1: created 1', 'o2: created 1'];
    expect(rules(lives, receipts('o2 created 1!', 'o1 created 1', 'o2 created 1'))).toEqual([]);
  });
});

describe('the checker refuses', () => {
  test.each([
    ['a lost creation', 0],
    ['a lost deletion', 3],
  ])('%s', (_, at) => {
    expect(rules([life], receipts(...whole.toSpliced(at, 1)))).toEqual(['lost']);
  });

  test('a lost last state', () => {
    expect(rules(['o1: created 1, modified 2'], receipts('o1 created 1'))).toEqual(['lost']);
  });

  test('what arrived and was never taken', () => {
    expect(rules(['o1: created 1'], receipts('o1 created 1!'))).toEqual(['lost']);
  });

  test('an inversion', () => {
    expect(rules([life], receipts('o1 created 1', 'o1 modified 3', 'o1 modified 2', 'o1 deleted 3'))).toEqual([
      'inverted',
    ]);
    expect(rules([life], receipts('o1 created 1', 'o1 deleted 3', 'o1 modified 3'))).toEqual(['inverted']);
  });

  test('a repeat under another id', () => {
    const told = receipts('o1 created 1', { fact: 'o1 created 1', id: 'another' } as Partial<Receipt>);
    expect(rules(['o1: created 1'], told)).toEqual(['foreign id']);
  });

  test.each([
    ['a creation', ['o1 created 1', 'o1 created 2', 'o1 modified 3', 'o1 deleted 3']],
    ['a creation that was not taken', ['o1 created 1!', 'o1 created 2', 'o1 modified 3', 'o1 deleted 3']],
    ['a deletion', ['o1 created 1', 'o1 modified 3', 'o1 deleted 2', 'o1 deleted 3']],
  ])('%s that is told once more under another id, as of another state', (_, told) => {
    expect(rules([life], receipts(...told))).toEqual(['foreign id']);
  });

  test.each([
    ['of one object', 'o1 created 1', 'o1 modified 2'],
    ['of two objects', 'o1 created 1', 'o2 created 1'],
    ['of one creation in two states', 'o1 created 1', 'o1 created 2'],
  ])('one id for two things %s: who receives drops the second', (_, first, second) => {
    const told = receipts(...[first, second].map((fact) => ({ fact, id: 'the same' }) as Partial<Receipt>));
    const births = { ...everything, events: ['created', 'modified'] } as const;
    const lives = ['o1: created 1, modified 2', 'o2: created 1'];
    const found = rules(lives, told, [births]).filter((rule) => rule !== 'lost');
    expect(found).toEqual(['reused id']);
  });

  test('what never happened, or was not asked for', () => {
    expect(rules(['o1: created 1'], receipts('o1 created 1', 'o1 modified 9'))).toEqual(['invented']);
    expect(rules(['o1: created 1'], receipts('o1 created 1', 'o1 deleted 1'))).toEqual(['invented']);
    const births = { ...everything, events: ['created'] } as const;
    expect(rules([life], receipts('o1 created 1', 'o1 modified 2'), [births])).toEqual(['invented']);
  });

  test('something new before what came first was taken, of a strict subscription', () => {
    const told = receipts('o1 created 1!', 'o2 created 1', 'o1 created 1');
    expect(rules(['o1: created 1', 'o2: created 1'], told, [strict])).toEqual(['skipped']);
  });

  test('two strict subscriptions that were told in different orders', () => {
    const twin = { ...strict, name: 'b' } as const;
    const told = [
      ...receipts('o1 created 1', 'o2 created 1'),
      ...receipts('o2 created 1', 'o1 created 1').map((each) => ({ ...each, subscription: 'b' })),
    ];
    expect(rules(['o1: created 1', 'o2: created 1'], told, [strict, twin])).toEqual(['diverged']);
  });
});

test('what is owed can be counted before anything is received', () => {
  const histories = new Map([['o1', history(life)]]);
  expect(owedCount([everything, strict], histories)).toBe(4);
});
