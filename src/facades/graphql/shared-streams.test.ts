import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatPosition } from '#schema/position.js';
import { busiestTurn } from '#platform/testing/busiest-turn.js';
import { writesTo } from '../testing/writes-to.js';
import { inventory, resourceOf } from './testing/inventory.js';
import { openLiveWorld, type Listener, type LiveWorld } from './testing/live-world.js';

let live: LiveWorld;
beforeEach(async () => void (live = await openLiveWorld(inventory)));
afterEach(async () => {
  await live.close();
  expect(live.world.seen.unforeseen).toEqual([]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const happens = (...numbers: readonly number[]) => live.world.tell(numbers.map((number) => resourceOf(number, 1)));
const here = async () => formatPosition(await live.world.inside.store.head());

/** What one client asks. */
interface Asked {
  readonly query: string;
  readonly variables?: object;
  readonly operationName?: string;
  readonly as?: string;
}

/** How many streams there are of those who ask so, and how often one change is executed and serialised for them. */
async function madeFor(...all: readonly Asked[]): Promise<readonly number[]> {
  const listeners: Listener[] = [];
  for (const { query, as, ...more } of all) {
    const listener = await live.listen(as);
    await listener.subscribe('s', query, more);
    listeners.push(listener);
  }
  const { size } = live.hub;
  await happens(90);
  await until(() => listeners.every((listener) => listener.of('s').length > 0));
  for (const listener of listeners) expect(listener.of('s')).toEqual([{ data: expect.anything() }]);
  return [size, live.count.executed, live.count.serialised];
}

const query = 'subscription ($name: String) { resourceChanged(filter: $name) { id } }';
const resuming = `subscription ($since: String, $filter: String) {
  resourceChanged(since: $since, filter: $filter) { id object { resourcePool { name } } }
}`;
const filter = '(cont,description,pool)';

describe('a change is executed and made a text once for all whose', () => {
  test('document and variables are the same', async () => {
    const asked: Asked = { query, variables: { name: filter } };
    expect(await madeFor(asked, asked, { ...asked, variables: { name: filter } })).toEqual([1, 1, 1]);
  });

  test('scope is the same, whoever they are', async () => {
    expect(await madeFor({ query, as: 'reader' }, { query, as: 'second-reader' })).toEqual([1, 1, 1]);
  });

  test('streams differ in nothing but where they begin, given as a variable', async () => {
    const first = await here();
    await happens(80);
    const variables = [{ since: await here() }, { since: null }, {}, { since: await here() }];
    expect(await madeFor(...variables.map((each) => ({ query: resuming, variables: { ...each, filter } })))).toEqual([
      1, 1, 1,
    ]);
    // Told of both changes, the second of which was made for the others.
    const late = await live.listen();
    await late.subscribe('s', resuming, { variables: { since: first, filter } });
    await until(() => late.of('s').length === 2);
    expect([live.hub.size, live.count.executed, live.count.serialised]).toEqual([1, 2, 2]);
  });

  test('streams differ in nothing but where they begin, written in the document', async () => {
    const written = `subscription { resourceChanged(since: "${await here()}") { id } }`;
    expect(await madeFor({ query: written }, { query: 'subscription { resourceChanged { id } }' })).toEqual([1, 1, 1]);
  });

  test('documents differ in how they are laid out', async () => {
    expect(await madeFor({ query }, { query: `# the same\n${query.replaceAll(' ', '\n')}` })).toEqual([1, 1, 1]);
  });
});

const pooled = 'object { resourcePool { resources(first: $first) { nodes { id } } } }';

describe('streams that differ in what they want alone are told one text, executed once', () => {
  const where = 'subscription ($where: ResourceWhere) { resourceChanged(where: $where) { id } }';
  const paged = `subscription ($first: Int, $not: String) {
    resourceChanged(where: { description: { notContains: $not } }) { ${pooled} }
  }`;
  const wants = Array.from({ length: 20 }, (_each, index) => `no${index}`);

  test.each<[string, (not: string) => Asked]>([
    ['as a variable', (not) => ({ query: where, variables: { where: { description: { notContains: not } } } })],
    ['beside a variable that is the same', (not) => ({ query: paged, variables: { first: 2, not } })],
    [
      'in the document',
      (not) => ({ query: `subscription { resourceChanged(filter: "(ncont,description,${not})") { id } }` }),
    ],
  ])('%s', async (_, asking) => {
    expect(await madeFor(...wants.map(asking))).toEqual([20, 1, 1]);
  });
});

describe('kept apart is who', () => {
  const variable = (variables: object): Asked => ({
    query: `subscription ($first: Int) { resourceChanged { ${pooled} } }`,
    variables,
  });
  const directed = (on: boolean): Asked => ({
    query: 'subscription ($on: Boolean!) { resourceChanged { id change @include(if: $on) } }',
    variables: { on },
  });
  const both = (not: string): Asked => ({
    query: `subscription ($not: String) {
      resourceChanged(where: { description: { notContains: $not } }) {
        object { resourcePool { resources(where: { description: { contains: $not } }) { totalCount } } }
      }
    }`,
    variables: { not: `${not}!` },
  });
  const two = 'subscription A { resourceChanged { id } } subscription B { resourceChanged { change } }';
  const twice = `subscription ($since: String) {
    resourceChanged(since: $since) { object { resourcePool { resources(after: $since) { totalCount } } } }
  }`;

  test.each<[string, Asked, Asked]>([
    ['gives other variables', variable({ first: 1 }), variable({ first: 2 })],
    ['gives a variable that another leaves out', variable({ first: 1 }), variable({})],
    ['asks under another name', { query }, { query: query.replace('resourceChanged', 'changed: resourceChanged') }],
    ['is shown less by a directive', directed(true), directed(false)],
    ['uses what it wants for what it is told too', both('pool'), both('resource')],
    ['asks for another operation', { query: two, operationName: 'A' }, { query: two, operationName: 'B' }],
    ['has other permissions', { query }, { query, as: 'reader' }],
    ['is of another tenant', { query, as: 'reader' }, { query, as: 'tenant-b' }],
    ['asks for something else', { query }, { query: query.replace('{ id }', '{ change }') }],
    ['uses the position for more than where to begin', { query: twice, variables: { since: null } }, { query: twice }],
  ])('%s', async (_, one, other) => {
    expect(await madeFor(one, other)).toEqual([2, 2, 2]);
  });
});

describe('what happens at once', () => {
  const twenty = Array.from({ length: 20 }, (_each, index) => 100 + index);

  test('reaches each connection in one write', async () => {
    const listeners = [await live.listen(), await live.listen()];
    for (const listener of listeners) await listener.subscribe('s', query);
    const counted = live.sockets.map((socket) => writesTo(socket));
    await happens(...twenty);
    await until(() => listeners.every((listener) => listener.of('s').length === twenty.length));
    expect(counted.map(({ writes }) => writes)).toEqual([1, 1]);
  });

  test.each([2, 10])('is written once in a turn for %i streams of one connection', async (count) => {
    const listener = await live.listen();
    const ids = Array.from({ length: count }, (_each, index) => `${index}`);
    for (const id of ids) await listener.subscribe(id, query.replace('{ id }', `{ a${id}: id }`));
    const loop = busiestTurn();
    const counted = writesTo(live.sockets[0]!, loop.did);
    await happens(200);
    await until(() => ids.every((id) => listener.of(id).length === 1));
    expect([live.hub.size, loop.most()]).toEqual([count, 1]);
    expect(counted.writes).toBeLessThan(count);
  });
});
