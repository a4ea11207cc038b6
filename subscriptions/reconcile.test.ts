import { describe, expect, test } from '@jest/globals';
import type { StoredObject } from '#schema/change.js';
import { reconcile, type ChangeEvent, type Circumstances } from './reconcile.js';

const place = { object: 'ResourcePool', id: 'p', identity: 'native', tenant: null } as const;
const by: Circumstances = { instance: 'east', projection: 'p1', baseline: () => false };
const ordered: Circumstances = { ...by, newer: (a, b) => Number(a) > Number(b) };

function stored(more: Partial<StoredObject> = {}): StoredObject {
  const value = { name: 'a', extensions: { x: 1 } };
  return {
    ...place,
    instance: 'east',
    value,
    nativeVersion: '5',
    projection: 'p1',
    position: { seq: 7, tag: 't' },
    ...more,
  };
}

function upsert(more: Partial<ChangeEvent & { type: 'upsert' }> = {}): ChangeEvent {
  return { type: 'upsert', ...place, value: { name: 'a', extensions: { x: 1 } }, version: '5', ...more };
}

const deleted: ChangeEvent = { type: 'delete', object: 'ResourcePool', id: 'p' };

function entryOf(event: ChangeEvent, before: StoredObject | undefined, circumstances = by) {
  const decision = reconcile(event, before, circumstances);
  if (decision.kind !== 'entry') throw new Error(`It is ${decision.kind}.`);
  return decision.entry;
}

describe('what is reported against what is stored', () => {
  test('created, with the lists it touches', () => {
    const entry = entryOf(upsert({ tenant: 'red' }), undefined, {
      ...by,
      baseline: (object) => object === 'ResourcePool',
    });
    expect(entry).toMatchObject({ change: 'created', baseline: true, tenant: 'red', instance: 'east' });
    expect(entry.marks).toEqual(['ResourcePool', 'ResourcePool#red']);
    expect(entry.after).toMatchObject({ nativeVersion: '5', projection: 'p1', identity: 'native' });
    expect(entry.reversePatch).toBeUndefined();
  });

  test('modified, with the way back', () => {
    const entry = entryOf(upsert({ value: { name: 'b', location: 'x' }, version: '6' }), stored());
    expect(entry).toMatchObject({ change: 'modified', baseline: false });
    expect(entry.reversePatch).toEqual({ name: 'a', location: null, extensions: { x: 1 } });
  });

  test('a move to another parent touches the lists it leaves', () => {
    const before = stored({ object: 'Resource', value: { resourcePoolId: '1' } });
    const entry = entryOf(upsert({ object: 'Resource', value: { resourcePoolId: '2' } }), before);
    expect([...entry.marks].toSorted()).toEqual(
      ['Resource', 'Resource#', 'Resource/1', 'Resource/1#', 'Resource/2', 'Resource/2#'].toSorted(),
    );
  });

  test('a move to another tenant is an end for the one and a beginning for the other, who learns no former state', () => {
    const before = stored({ object: 'Resource', tenant: 'blue', value: { resourcePoolId: '1' } });
    const decision = reconcile(
      upsert({ object: 'Resource', tenant: 'red', value: { resourcePoolId: '2' } }),
      before,
      by,
    );
    const [left, entry] = decision.kind === 'entry' ? [decision.left!, decision.entry] : [];
    expect(left).toMatchObject({ change: 'deleted', tenant: 'blue', reversePatch: { resourcePoolId: '1' } });
    expect(left!.marks).toContain('Resource/1#blue');
    expect(entry).toMatchObject({ change: 'created', tenant: 'red', baseline: false });
    expect(entry).not.toHaveProperty('reversePatch');
    expect(entry!.marks).toContain('Resource/2#red');
  });

  test('deleted, with the former value; nothing when there is none', () => {
    expect(entryOf(deleted, stored())).toMatchObject({ change: 'deleted', reversePatch: stored().value });
    expect(reconcile(deleted, undefined, by)).toEqual({ kind: 'nothing' });
  });

  test('nothing when all is equal, attributes in another order or undefined included', () => {
    expect(reconcile(upsert(), stored(), by)).toEqual({ kind: 'nothing' });
    const value = { extensions: { x: 1, y: undefined }, name: 'a', location: undefined };
    expect(reconcile(upsert({ value }), stored(), by)).toEqual({ kind: 'nothing' });
  });

  test('a newer version of the same value is noted without an entry, at the old place', () => {
    const decision = reconcile(upsert({ version: '6' }), stored(), by);
    expect(decision).toMatchObject({ kind: 'refresh', object: { nativeVersion: '6', position: { seq: 7 } } });
  });
});

describe('a value made by another projection', () => {
  const former = stored({ projection: 'p0' });
  test('is restated when the native is the same, or has no version', () => {
    expect(entryOf(upsert({ value: { name: 'b' } }), former).change).toBe('restated');
    const { nativeVersion: _none, ...unversioned } = former;
    const { version: _neither, ...event } = upsert({ value: { name: 'b' } }) as ChangeEvent & { type: 'upsert' };
    expect(entryOf(event, unversioned).change).toBe('restated');
  });

  test('is modified when the native has changed, too', () => {
    expect(entryOf(upsert({ value: { name: 'b' }, version: '6' }), former).change).toBe('modified');
  });

  test('is only noted when it comes to the same', () => {
    expect(reconcile(upsert(), former, by)).toMatchObject({ kind: 'refresh', object: { projection: 'p1' } });
  });
});

describe('a report that may be late', () => {
  const [older, newer] = [
    upsert({ value: { name: 'b' }, version: '4' }),
    upsert({ value: { name: 'b' }, version: '6' }),
  ];
  const changed = { ...ordered, changedSince: () => true };
  const unchanged = { ...ordered, changedSince: () => false };

  test('is dropped when its version is older', () => {
    expect(reconcile(older, stored(), ordered)).toEqual({ kind: 'nothing' });
    expect(reconcile({ ...deleted, version: '4' }, stored(), ordered)).toEqual({ kind: 'nothing' });
    expect(entryOf(newer, stored(), ordered).change).toBe('modified');
  });

  test('of a list is true when nobody else changed the object meanwhile, even if the history went back', () => {
    expect(entryOf({ ...older, listed: true }, stored(), unchanged).change).toBe('modified');
  });

  test('of a list is judged by version when somebody did', () => {
    expect(reconcile({ ...older, listed: true }, stored(), changed)).toEqual({ kind: 'nothing' });
    expect(entryOf({ ...newer, listed: true }, stored(), changed).change).toBe('modified');
  });

  test('of a list without an order is not believed then, nor is an absence', () => {
    const unordered = { ...by, changedSince: () => true };
    expect(reconcile({ ...newer, listed: true }, stored(), unordered)).toEqual({ kind: 'ignored' });
    expect(reconcile({ ...deleted, listed: true }, stored(), unordered)).toEqual({ kind: 'ignored' });
    expect(entryOf(newer, stored(), unordered).change).toBe('modified');
  });
});
