import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { objects } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import { sees } from '#schema/scope.js';
import { Kind } from './kind.js';
import { mergedRows } from './merged.js';
import { UnparsedRow, type Row } from './row.js';
import type { Turn } from './slices.js';
import type { TenantLists } from './tenant-lists.js';
import { everything, row, scopeOf } from './testing/rows.js';

const pools = ['AAAAAAAA-0000-4000-8000-00000000000A', 'aaaaaaaa-0000-4000-8000-00000000000a', 'pool', 'Pool'];
const children = fc.array(fc.constantFrom('x', 'y', 'z', 'u', 'v'), { maxLength: 3 });
const change = fc.record({
  id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  gone: fc.boolean(),
  tenant: fc.constantFrom(null, 'red', 'blue'),
  pool: fc.constantFrom(...pools),
  asset: fc.constantFrom(undefined, 'a', 'b'),
  tags: fc.array(fc.constantFrom('s', 't', 'u'), { maxLength: 4 }),
  children,
  grandchildren: children,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function valueOf({ id, pool, asset, tags, children: elements, grandchildren }: Change): Value {
  const nested = (name: string, below: readonly Value[]) => ({ resourceId: `${id}/${name}`, elements: below });
  return {
    resourceId: id,
    resourcePoolId: pool,
    resourceTypeId: 'type',
    groups: [],
    ...(asset === undefined ? {} : { globalAssetId: asset }),
    tags,
    elements: [...new Set(elements)].map((name) => {
      return nested(
        name,
        [...new Set(grandchildren)].map((below) => nested(`${name}/${below}`, [])),
      );
    }),
  };
}

/** What remains of the changes. */
function rowsOf(changes: readonly Change[]): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const each of changes) {
    if (each.gone) rows.delete(each.id);
    else rows.set(each.id, row(each.id, valueOf(each), { tenant: each.tenant }));
  }
  return rows;
}

function apply(kind: Kind, changes: readonly Change[]): void {
  for (const each of changes) {
    if (each.gone) kind.delete(each.id);
    else kind.set(row(each.id, valueOf(each), { tenant: each.tenant }));
  }
}

function unparsedRow({ value, ...rest }: Row): Row {
  return new UnparsedRow({ ...rest, projection: 'p', json: JSON.stringify(value) });
}

/** Turns of one step, with something else between them. */
function oneByOne(between: () => void): Turn {
  let steps = 0;
  return {
    over: () => steps++ > 0,
    pause() {
      steps = 0;
      between();
      return Promise.resolve();
    },
  };
}

function idsIn(lists: TenantLists, scope: Scope): readonly string[] {
  const rows = mergedRows(lists.visible(scope), undefined);
  const ids: string[] = [];
  for (let next = rows.next(); next; next = rows.next()) ids.push(next.id);
  expect(lists.size(scope)).toBe(ids.length);
  return ids;
}

function nestedIn(value: Value): readonly string[] {
  const elements = value['elements'] as readonly Value[];
  return elements.flatMap((each) => [each['resourceId'] as string, ...nestedIn(each)]);
}

function check(kind: Kind, rows: ReadonlyMap<string, Row>): void {
  expect(kind.size).toBe(rows.size);
  expect(kind.unordered.filter((each) => each !== undefined)).toHaveLength(rows.size);
  for (const id of ['1', '2', '3', '4', '5', '6']) expect(kind.get(id)?.value).toEqual(rows.get(id)?.value);
  for (const scope of [everything, scopeOf('red'), scopeOf('green')]) {
    const visible = [...rows.values()].filter(({ tenant }) => sees(scope, tenant));
    const having = (holds: (value: Value) => boolean) =>
      visible.flatMap(({ id, value }) => (holds(value) ? [id] : [])).sort();
    expect(idsIn(kind.all, scope)).toEqual(having(() => true));
    for (const pool of pools) {
      const same =
        pool.length === 36
          ? (given: unknown) => String(given).toLowerCase() === pool.toLowerCase()
          : (given: unknown) => given === pool;
      expect(idsIn(kind.posting('resourcePoolId', pool)!, scope)).toEqual(
        having((value) => same(value['resourcePoolId'])),
      );
    }
    for (const asset of ['a', 'b', 'c']) {
      expect(idsIn(kind.posting('globalAssetId', asset)!, scope)).toEqual(
        having((value) => value['globalAssetId'] === asset),
      );
    }
    for (const tag of ['s', 't', 'u']) {
      expect(idsIn(kind.posting('tags', tag)!, scope)).toEqual(
        having((value) => (value['tags'] as string[]).includes(tag)),
      );
    }
  }
  const nested = new Map([...rows.values()].flatMap((owner) => nestedIn(owner.value).map((id) => [id, owner.id])));
  for (const id of ['1', '2', '3', '4', '5', '6'].flatMap((top) =>
    ['x', 'y', 'x/x', 'u/v'].map((name) => `${top}/${name}`),
  )) {
    const found = kind.nested(id);
    expect(found?.owner.id).toBe(nested.get(id));
    if (found) expect(found.value['resourceId']).toBe(id);
  }
}

describe('the rows of an object', () => {
  test('are found by id, tenant, indexed attribute and nested id, whatever came, moved and went', () => {
    const property = fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const kind = new Kind(objects.Resource);
      apply(kind, changes);
      check(kind, rowsOf(changes));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('are the same when they are added as a snapshot, and change while filters wait for their indexes', async () => {
    const property = fc.asyncProperty(
      fc.array(change, { maxLength: 40 }),
      fc.array(change, { maxLength: 10 }),
      fc.boolean(),
      async (changes, later, unparsed) => {
        const kind = new Kind(objects.Resource);
        const rows = rowsOf(changes);
        for (const each of rows.values()) kind.add(unparsed ? unparsedRow(each) : each);
        await kind.arrange(() => Promise.resolve());
        expect([kind.posts('resourcePoolId'), kind.posts('tags')]).toEqual([true, rows.size === 0]);
        const left = [...later];
        // What is left then is found by its text.
        const half = left.length / 2;
        const turn = oneByOne(() => apply(kind, left.splice(0, 1)));
        while (left.length > half && !kind.noteNested(() => turn.over())) await turn.pause();
        await kind.fill(turn, () => false);
        apply(kind, left);
        check(kind, rowsOf([...changes, ...later]));
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  test('an attribute without an index has no posting', () => {
    const kind = new Kind(objects.Resource);
    expect(kind.posting('description', 'x')).toBeUndefined();
    expect(kind.posting('tags', 'nobody has it')?.empty).toBe(true);
  });

  test('a nested object that moves to another row is found there, in whichever order both are told', () => {
    for (const order of [
      ['from', 'to'],
      ['to', 'from'],
    ]) {
      const kind = new Kind(objects.Resource);
      const elements = [{ resourceId: 'part', elements: [] }];
      kind.set(row('from', { elements }));
      kind.set(row('to', { elements: [] }));
      for (const id of order) kind.set(row(id, { elements: id === 'to' ? elements : [] }));
      expect(kind.nested('part')?.owner.id).toBe('to');
    }
  });

  test('thousands of nested objects are found, each in its row', () => {
    const kind = new Kind(objects.Resource);
    const elements = (owner: number) =>
      Array.from({ length: 10 }, (_, index) => ({ resourceId: `${owner}/${index}`, elements: [] }));
    for (let owner = 0; owner < 500; owner += 1) kind.set(row(`${owner}`, { elements: elements(owner) }));
    for (let owner = 0; owner < 500; owner += 3) kind.delete(`${owner}`);
    for (let owner = 0; owner < 500; owner += 1) {
      expect(kind.nested(`${owner}/7`)?.owner.id).toBe(owner % 3 === 0 ? undefined : `${owner}`);
    }
  });

  test('thousands of nested objects that come and go leave nothing behind', () => {
    const kind = new Kind(objects.Resource);
    const elements = (round: number) =>
      Array.from({ length: 50 }, (_, index) => ({ resourceId: `${round}-${index}`, elements: [] }));
    for (let round = 0; round < 200; round += 1) kind.set(row('owner', { elements: elements(round) }));
    expect(kind.nested('199-49')?.owner.id).toBe('owner');
    expect(kind.nested('198-49')).toBeUndefined();
  });
});
