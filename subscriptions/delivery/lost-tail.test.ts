import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { samePosition } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { matching, until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';
import { kinds, markOf, shardOf } from './documents.js';
import type { Matching } from './matching.js';

let home: string;
let to: Receiver;
let current: Store;
/** Where leases are: older than what is lost, they outlast it. */
let leases: Store;
let house: World;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'netweave-'));
  to = await receiver();
  leases = await openEmbeddedStore({ memory: true });
  current = await openEmbeddedStore({ file: join(home, 'first.db') });
});
afterEach(async () => {
  await house.close();
  await to.close();
  await leases.close();
  rmSync(home, { recursive: true, force: true });
});

/** The store as it is at the time, but for its leases. */
function behind(): Store {
  const unfenced = ({ fence: _elsewhere, ...how }: { fence?: unknown } = {}) => how;
  const apart: Partial<Store> = {
    lease: (...given) => leases.lease(...given),
    release: (lease) => leases.release(lease),
    put: (kind, id, value, expected, how) => current.put(kind, id, value, expected, unfenced(how)),
    remove: (kind, id, expected, how) => current.remove(kind, id, expected, unfenced(how)),
    append: ({ fence: _elsewhere, ...batch }) => current.append(batch),
  };
  return new Proxy({} as Store, { get: (_target, name: keyof Store) => apart[name] ?? current[name].bind(current) });
}

/** Keeps the log as it is now; answers how to lose what comes behind it. */
async function keep(): Promise<() => Promise<void>> {
  await current.close();
  copyFileSync(join(home, 'first.db'), join(home, 'second.db'));
  current = await openEmbeddedStore({ file: join(home, 'first.db') });
  return async () => {
    const former = current;
    current = await openEmbeddedStore({ file: join(home, 'second.db') });
    await former.close();
  };
}

const told = (n: number) => to.all.some(({ body }) => body.n === n);
async function markFor(id: string) {
  const document = await current.get(kinds.mark, String(shardOf(id)));
  return document && markOf(document.value);
}
const markedToEnd = (id: string) =>
  until(async () => samePosition((await markFor(id))?.position, await current.head()), 15_000);

test('a shard that was marked in the lost tail forgets those places', async () => {
  house = await world({ store: behind() });
  const id = await house.subscribe(to.url);
  await house.change('x', 'x');
  await house.deliverer();
  await until(() => told(2));
  await markedToEnd(id);
  const lose = await keep();
  for (let n = 3; n < 8; n += 1) {
    await house.change('x');
    await until(() => told(n));
    await markedToEnd(id);
  }
  await lose();
  await house.change('x', 'x', 'x');
  await until(() => told(10), 15_000);
  await markedToEnd(id);
  const { trail } = (await markFor(id))!;
  const outcomes = await Promise.all(trail.map(async ({ position }) => (await current.read(position, 1)).outcome));
  expect(new Set(outcomes)).toEqual(new Set(['read']));
}, 60_000);

test('a shard of which a subscription was made in the lost tail is marked on', async () => {
  house = await world({ store: behind() });
  const { subscribers } = house;
  const lost = new Set<string>();
  // A view reads a log that was rewritten anew: it has no row that is not in it.
  const view = {
    ...subscribers,
    get: (each: string) => (lost.has(each) ? undefined : subscribers.get(each)),
    all: () => [...subscribers.all()].filter(({ id: each }) => !lost.has(each)),
  };
  const id = await house.subscribe(to.url, { filter: 'x' });
  await house.change('x');
  await house.deliverer({ subscribers: view });
  await until(() => told(1));
  await markedToEnd(id);
  const lose = await keep();
  let other = await house.subscribe(to.url, { filter: 'y' });
  while (shardOf(other) !== shardOf(id)) other = await house.subscribe(to.url, { filter: 'y' });
  await house.change('y', 'x');
  await until(() => told(2) && told(3));
  await sleep(300);
  for (const { id: each } of subscribers.all()) if (each !== id) lost.add(each);
  await lose();
  await house.change('x');
  await until(() => told(4), 15_000);
  await house.change('z');
  await markedToEnd(id);
}, 60_000);

test('a shard of which a filter cannot be asked is marked on', async () => {
  house = await world({ store: behind() });
  let breaks = false;
  const breaking: Matching = {
    ...matching,
    compile: (subscriber) => ({
      matches(event) {
        if (breaks) throw new Error('It cannot be asked.');
        return matching.compile(subscriber).matches(event);
      },
    }),
  };
  const id = await house.subscribe(to.url);
  await house.change('x');
  await house.deliverer({ matching: breaking });
  await until(() => told(1));
  await markedToEnd(id);
  const lose = await keep();
  await house.change('x', 'x');
  await until(() => told(3));
  breaks = true;
  await house.change('x');
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  await sleep(300);
  await lose();
  await house.change('x');
  await markedToEnd(id);
  expect(told(4)).toBe(false);
}, 60_000);
