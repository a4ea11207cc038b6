import { describe, expect, test } from '@jest/globals';
import type { ObjectName } from '#schema/objects.js';
import type { Projections } from '../contract.js';
import { objectId } from './identity.js';
import { materialise, type Fact, type ObjectEvent } from './materialise.js';

const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
const idOf = (object: ObjectName, identity: string) => objectId(oCloudId, 'east', object, identity);

interface Node {
  readonly pool: string;
  readonly text?: string;
}

/** Nodes are resources, and with their racks they make pools. */
const project: Projections = {
  Resource: {
    each: 'node',
    build({ pool, text = '' }: Node, identity: string) {
      if (text === 'bad') throw new Error('No such node.');
      if (text === 'hidden') return undefined;
      const value = {
        resourcePoolId: pool,
        resourceTypeId: 't',
        description: text,
        tags: [],
        groups: [],
        elements: [],
      };
      return { value: identity === 'unfit' ? { ...value, tags: [7] as never } : value, tenant: null };
    },
  },
  ResourcePool: {
    contribute: {
      node: ({ pool, text }: Node, identity) => {
        if (text === 'bad') throw new Error('No such node.');
        return [[pool, identity]];
      },
      rack: ({ pool }: Node, identity) => [[pool, identity]],
    },
    build: (key: string, parts: readonly unknown[]) => {
      const description = parts.join(' ');
      return { value: { name: key, description, oCloudSiteId: 's', oCloudId, globalLocationId: 'l' }, tenant: 'red' };
    },
  },
};

const node = (identity: string, native: Node, version?: string): Fact => {
  return { type: 'upsert', kind: 'node', identity, native, ...(version === undefined ? {} : { version }) };
};
const rack = (identity: string, pool: string): Fact => ({ type: 'upsert', kind: 'rack', identity, native: { pool } });
const complete = (kind: string): Fact => ({ type: 'complete', kind });
const both = [complete('node'), complete('rack')];

function refusing(before: readonly string[] = []) {
  const refused: string[] = [];
  const kit = materialise(oCloudId, 'east', project, {
    before: new Set(before),
    refused: (object, identity, fault) =>
      refused.push(`${object} ${identity}: ${(fault as Error).message.slice(0, 20)}`),
  });
  return { kit, refused };
}

/** Events in short: what is told of what. */
function short(events: readonly ObjectEvent[]): readonly string[] {
  return events.map((event) => {
    if (event.type === 'upsert') return `${event.object} ${event.identity} = ${String(event.value['description'])}`;
    if (event.type === 'delete') return `${event.object} -${event.id}`;
    return event.type === 'complete' ? `${event.object} complete ${event.ids.size}` : `${event.object} ${event.type}`;
  });
}

describe('an object made of one native', () => {
  test('is told with its id, version and tenant, and only when it or its version changes', () => {
    const { kit } = refusing();
    const [made] = kit.apply([node('a', { pool: 'p', text: 'one' }, '1')]);
    const id = idOf('Resource', 'a');
    expect(made).toMatchObject({ type: 'upsert', object: 'Resource', id, identity: 'a', tenant: null, version: '1' });
    expect(made).toMatchObject({ value: { resourceId: id, description: 'one' } });
    expect(kit.apply([node('a', { pool: 'p', text: 'one' }, '1')])).toEqual([]);
    expect(kit.apply([node('a', { pool: 'p', text: 'one' }, '2')])).toHaveLength(1);
  });

  test('is told as gone even if it was never made here', () => {
    const { kit } = refusing();
    const events = kit.apply([{ type: 'delete', kind: 'node', identity: 'a', version: '7' }]);
    expect(events).toEqual([{ type: 'delete', object: 'Resource', id: idOf('Resource', 'a'), version: '7' }]);
  });

  test('goes when its native is no longer shown, and is not mentioned if it never was', () => {
    const { kit } = refusing();
    expect(kit.apply([node('a', { pool: 'p', text: 'hidden' })])).toEqual([]);
    kit.apply([node('a', { pool: 'p' })]);
    expect(short(kit.apply([node('a', { pool: 'p', text: 'hidden' })]))).toEqual([
      `Resource -${idOf('Resource', 'a')}`,
    ]);
  });

  test('that a list does not name is left to the complete list', () => {
    const { kit } = refusing();
    kit.apply([node('a', { pool: 'p' }), node('b', { pool: 'p' })]);
    expect(short(kit.apply([{ type: 'forget', kind: 'node', identity: 'a' }, ...both]))).toEqual([
      'ResourcePool p = b',
      'ResourcePool complete 1',
      'Resource complete 1',
    ]);
  });
});

describe('what cannot be made', () => {
  test('is refused alone, keeps its former state and is made when it can be again', () => {
    const { kit, refused } = refusing();
    kit.apply([node('a', { pool: 'p', text: 'good' }), ...both]);
    const events = kit.apply([node('a', { pool: 'p', text: 'bad' }), node('b', { pool: 'p', text: 'fine' })]);
    expect(short(events)).toEqual([
      'ResourcePool p = a b',
      'ResourcePool stale',
      'Resource b = fine',
      'Resource stale',
    ]);
    expect(refused).toEqual(['ResourcePool a: No such node.', 'Resource a: No such node.']);
    const again = kit.apply([node('a', { pool: 'p', text: 'good' })]);
    expect(short(again)).toEqual(['ResourcePool current', 'Resource a = good', 'Resource current']);
  });

  test('is what the model does not allow, too', () => {
    const { kit, refused } = refusing();
    const events = kit.apply([node('unfit', { pool: 'p' }), node('fit', { pool: 'p' })]);
    expect(short(events)).toEqual(['Resource fit = ', 'Resource stale']);
    expect(refused).toHaveLength(1);
  });

  test('is named for as long as it lasts, whatever else becomes known', () => {
    const { kit } = refusing();
    const bad = node('a', { pool: 'p', text: 'bad' });
    expect(kit.apply([bad, complete('node')]).at(-1)).toEqual({
      type: 'stale',
      object: 'Resource',
      reason: "1 cannot be shown and stay as they were, such as 'a': No such node.",
    });
    expect(short(kit.apply([node('b', { pool: 'p' })]))).toEqual(['Resource b = ']);
    const current: Fact = { type: 'current', kind: 'node' };
    expect(short(kit.apply([current]))).toEqual(['Resource current', 'Resource stale']);
    expect(short(kit.apply([{ type: 'delete', kind: 'node', identity: 'a' }]).slice(-1))).toEqual(['Resource current']);
    expect(short(kit.apply([complete('node')]))).toEqual(['Resource complete 1']);
  });

  test('is not taken for gone: of several natives nobody knows what the refused one was part of', () => {
    const { kit } = refusing();
    const bad = node('a', { pool: 'p', text: 'bad' });
    expect(short(kit.apply([bad, node('b', { pool: 'q' }), ...both]))).toEqual([
      'ResourcePool q = b',
      'ResourcePool stale',
      'Resource b = ',
      'Resource complete 2',
      'Resource stale',
    ]);
    expect(short(kit.apply([node('a', { pool: 'p' })]))).toEqual([
      'ResourcePool p = a',
      'ResourcePool complete 2',
      'ResourcePool current',
      'Resource a = ',
      'Resource current',
    ]);
  });

  test('is thrown when nobody asked to be told', () => {
    const kit = materialise(oCloudId, 'east', project);
    expect(() => kit.apply([node('a', { pool: 'p', text: 'bad' })])).toThrow('No such node.');
  });
});

describe('an object made of several natives', () => {
  test('is not told before every kind has answered, and then whole', () => {
    const { kit } = refusing();
    expect(short(kit.apply([node('a', { pool: 'p' }), complete('node')]))).toEqual([
      'Resource a = ',
      'Resource complete 1',
    ]);
    expect(kit.unread(['node'])).toBe(true);
    expect(short(kit.apply([rack('r', 'p'), complete('rack')]))).toEqual([
      'ResourcePool p = a r',
      'ResourcePool complete 1',
    ]);
    expect(kit.unread(['node'])).toBe(false);
  });

  test('is made of what there is when a kind is refused, unless more of it was known before', () => {
    const stale: Fact = { type: 'stale', kind: 'rack', reason: '403' };
    const { kit: first } = refusing();
    expect(short(first.apply([node('a', { pool: 'p' }), complete('node'), stale]))).toContain('ResourcePool p = a');
    const { kit: later } = refusing(['ResourcePool']);
    expect(short(later.apply([node('a', { pool: 'p' }), complete('node'), stale]))).toEqual([
      'ResourcePool stale',
      'Resource a = ',
      'Resource complete 1',
    ]);
    expect(later.unread(['node'])).toBe(true);
  });

  test('is the same in whatever order its natives came', () => {
    const { kit: one } = refusing();
    const { kit: other } = refusing();
    one.apply([node('b', { pool: 'p' }), node('a', { pool: 'p' }), rack('r', 'p'), ...both]);
    other.apply([rack('r', 'p'), node('a', { pool: 'p' }), ...both]);
    const [made] = other.apply([node('b', { pool: 'p' })]);
    expect(made).toMatchObject({ value: { description: 'a b r' } });
    const back = short(one.apply([node('a', { pool: 'q' }), node('a', { pool: 'p' })]));
    expect(back.filter((event) => event.startsWith('ResourcePool'))).toEqual([]);
  });

  test('counts a native twice that contributes twice', () => {
    const twice: Projections = {
      ResourcePool: {
        contribute: {
          node: (_native: never, identity: string) => [
            ['p', identity],
            ['p', `${identity}'`],
          ],
        },
        build: (project.ResourcePool as unknown as { build: never }).build,
      },
    } as Projections;
    const kit = materialise(oCloudId, 'east', twice);
    expect(short(kit.apply([node('a', { pool: 'p' }), complete('node')]))).toContain("ResourcePool p = a a'");
  });

  test('follows a native into another group and goes with its last one', () => {
    const { kit } = refusing();
    kit.apply([node('a', { pool: 'p' }), node('b', { pool: 'p' }), ...both]);
    expect(short(kit.apply([node('a', { pool: 'q' })]))).toEqual([
      'ResourcePool p = b',
      'ResourcePool q = a',
      'Resource a = ',
    ]);
    expect(short(kit.apply([{ type: 'delete', kind: 'node', identity: 'b' }]))).toContain(
      `ResourcePool -${idOf('ResourcePool', 'p')}`,
    );
  });

  test('is complete, and current, only while all its kinds are', () => {
    const { kit } = refusing();
    kit.apply([node('a', { pool: 'p' }), ...both]);
    kit.apply([{ type: 'stale', kind: 'rack', reason: 'cut' }]);
    expect(short(kit.apply([{ type: 'forget', kind: 'node', identity: 'a' }, complete('node')]))).toEqual([
      'Resource complete 0',
    ]);
    expect(short(kit.apply([{ type: 'current', kind: 'rack' }]))).toEqual([
      'ResourcePool current',
      'ResourcePool complete 0',
    ]);
  });
});

test('objects made from a list say so', () => {
  const { kit } = refusing();
  kit.apply(both);
  const listed = { ...node('a', { pool: 'p' }), listed: true } as Fact;
  expect(kit.apply([listed]).map((event) => 'listed' in event)).toEqual([true, true]);
  expect(kit.apply([node('a', { pool: 'p', text: 'new' })]).map((event) => 'listed' in event)).toEqual([false]);
});

describe('an object that lingers', () => {
  let now = 1000;
  const stay = 500;
  const lingering = () => {
    now = 1000;
    const ResourcePool = { ...(project.ResourcePool as object), lingers: stay } as Projections['ResourcePool'];
    const kit = materialise(oCloudId, 'east', { ResourcePool }, { now: () => now });
    kit.apply([node('a', { pool: 'p' }), ...both]);
    return kit;
  };
  const gone: Fact = { type: 'delete', kind: 'node', identity: 'a' };

  test('stays as it was when nothing is left of it, in full lists too, and goes once when its time is over', () => {
    const kit = lingering();
    expect(kit.apply([gone])).toEqual([]);
    expect(kit.nextEnd()).toBe(1500);
    now = 1400;
    const [told] = kit.apply([complete('node')]);
    expect(told).toMatchObject({ type: 'complete', ids: new Set([idOf('ResourcePool', 'p')]) });
    now = 1500;
    expect(kit.apply([])).toEqual([{ type: 'delete', object: 'ResourcePool', id: idOf('ResourcePool', 'p') }]);
    expect(kit.nextEnd()).toBeUndefined();
    expect(kit.apply([complete('node')])).toMatchObject([{ type: 'complete', ids: new Set() }]);
  });

  test('also when a list no longer names what it was made of', () => {
    const kit = lingering();
    expect(kit.apply([{ ...gone, type: 'forget' }, complete('node')])).toMatchObject([
      { type: 'complete', ids: new Set([idOf('ResourcePool', 'p')]) },
    ]);
    now = 1500;
    expect(kit.apply([])).toMatchObject([{ type: 'delete' }]);
  });

  test('goes on as if nothing had been when something comes back, and lingers anew after that', () => {
    const kit = lingering();
    kit.apply([gone]);
    now = 1400;
    expect(kit.apply([node('a', { pool: 'p' })])).toEqual([]);
    expect(kit.nextEnd()).toBeUndefined();
    now = 1600;
    expect(kit.apply([gone])).toEqual([]);
    expect(kit.nextEnd()).toBe(2100);
  });
});
