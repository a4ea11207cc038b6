import { describe, expect, test } from '@jest/globals';
import { coverage, type Coverage } from './coverage.js';

function expecting(before: readonly string[] = []): Coverage {
  const account = coverage();
  account.expect('east', ['ResourcePool', 'Resource'], new Set(before));
  return account;
}
const gaps = (account: Coverage) =>
  account.gaps('Resource').map(({ reason, fresh }) => `${reason} ${fresh ?? 'never'}`);

test('an instance that has not been read is a gap, and its objects are not known', () => {
  const account = expecting(['ResourcePool']);
  expect(gaps(account)).toEqual(['not synchronised yet never']);
  expect([account.knows('Resource'), account.knows('ResourcePool'), account.knows('Location')]).toEqual([
    false,
    true,
    true,
  ]);
});

test('what is synchronised is known and no gap, also while it is stale later', () => {
  const account = expecting();
  account.synced('east', 'Resource', 5);
  expect(gaps(account)).toEqual([]);
  account.stale('east', 'Resource', '403');
  expect(gaps(account)).toEqual(['403 5']);
  expect(account.knows('Resource')).toBe(true);
  account.current('east', 'Resource', 9);
  expect(gaps(account)).toEqual([]);
});

test('an instance that is away and returns is where it was, but for what was stale before', () => {
  const account = expecting(['ResourcePool', 'Resource']);
  account.synced('east', 'ResourcePool', 1);
  account.synced('east', 'Resource', 1);
  account.stale('east', 'Resource', '403');
  account.away('east', 'cut');
  expect(account.gaps('ResourcePool')).toEqual([{ instance: 'east', reason: 'cut', fresh: 1 }]);
  expect(gaps(account)).toEqual(['403 1']);
  account.returned('east', 7);
  expect(account.gaps('ResourcePool')).toEqual([]);
  expect(gaps(account)).toEqual(['403 1']);
});

test('an instance that is away before it was read stays a gap when it returns', () => {
  const account = expecting();
  account.away('east', 'cut');
  account.returned('east', 7);
  expect(gaps(account)).toEqual(['cut never']);
});

test('the version moves with what answers show, and only then; gaps are the same array until it does', () => {
  const account = expecting();
  account.synced('east', 'Resource', 1);
  const [version, same] = [account.version(), account.gaps('Resource')];
  account.synced('east', 'Resource', 2);
  expect(account.version()).toBe(version);
  account.stale('east', 'Resource', 'x');
  expect(account.version()).toBe(version + 1);
  account.stale('east', 'Resource', 'x');
  expect(account.version()).toBe(version + 1);
  expect(account.gaps('Resource')).not.toBe(same);
  expect(account.gaps('Resource')).toBe(account.gaps('Resource'));
  expect(account.gaps('Resource')[0]?.fresh).toBe(2);
});

test('progress counts objects and tells why it stands still', () => {
  const account = expecting();
  account.synced('east', 'Resource', 1);
  expect(account.progress()).toEqual([{ instance: 'east', synced: 1, of: 2 }]);
  account.away('east', 'cut');
  expect(account.progress()).toEqual([{ instance: 'east', synced: 0, of: 2, reason: 'cut' }]);
});

test('nothing is said of instances that nobody expects', () => {
  const account = expecting();
  account.synced('west', 'Resource', 1);
  account.stale('west', 'Resource', 'x');
  account.away('west', 'x');
  expect(account.progress().map(({ instance }) => instance)).toEqual(['east']);
});

describe('another process that does not watch', () => {
  const told = () => {
    const here = coverage();
    here.expect('a', ['ResourcePool', 'Resource', 'ResourceType'], new Set(['Resource']));
    here.synced('a', 'ResourcePool', 100);
    here.stale('a', 'Resource', 'forbidden');
    return here;
  };

  test('answers as the one that watches does', () => {
    const [here, there] = [told(), coverage()];
    there.expect('a', [], new Set());
    there.follow('a', JSON.parse(JSON.stringify(here.tell('a', 200))) as ReturnType<Coverage['tell']>, 250);
    expect(there.progress()).toEqual(here.progress());
    for (const object of ['ResourcePool', 'Resource', 'ResourceType'] as const) {
      expect(there.gaps(object)).toEqual(here.gaps(object));
      expect(there.knows(object)).toBe(here.knows(object));
    }
    there.away('a', 'nobody');
    expect(there.gaps('ResourcePool')).toEqual([{ instance: 'a', reason: 'nobody', fresh: 250 }]);
  });

  test('makes no answer anew while nothing changes', () => {
    const [here, there] = [told(), coverage()];
    there.follow('a', here.tell('a', 200), 250);
    const version = there.version();
    there.follow('a', here.tell('a', 300), 350);
    expect(there.version()).toBe(version);
    here.synced('a', 'Resource', 400);
    there.follow('a', here.tell('a', 400), 450);
    expect(there.version()).toBeGreaterThan(version);
  });
});
