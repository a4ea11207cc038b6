import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeadLetterPage, Delivery } from '#schema/delivery.js';
import { parsePosition } from '#schema/position.js';
import { receiver } from './callback-receiver.js';
import { call, facades, operationOf, type Facade, type Input, type Value } from './facade-calls.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-dead-letters-'));
const simulators = { sim: { embedded: { seed: 3, size: 40, pools: 8, changesPerSecond: 0 } } };
const names = ['a', 'b', 'c', 'd'];

interface Subscribed {
  readonly id: string;
  /** What it is told of, in order, with the position its write answered with. */
  readonly made: { readonly name: string; readonly position: string }[];
  readonly callback: Awaited<ReturnType<typeof receiver>>;
}

let gateway: GatewayUnderTest;
/** By how their callbacks refuse; each is told of pools whose names begin so. */
const subscribed = new Map<number, Subscribed>();
/** Between `b` and `c`. */
let between: string;

const facadeOf = (name: Facade['name']) => facades.find((each) => each.name === name)!;
const others = facades.filter(({ name }) => name !== 'rest').map(({ name }) => name);

async function ask(facade: Facade['name'], name: string, input: Input): Promise<Value> {
  const outcome = await call(gateway, facadeOf(facade), operationOf(`inventorySubscriptions.${name}`), input);
  expect(outcome!.code).toBe('OK');
  return outcome!.values[0]!;
}

const deliveryOf = async (id: string) => (await ask('trpc', 'delivery', { id })) as unknown as Delivery;
const lettersOf = async (id: string, facade: Facade['name'] = 'trpc', page: object = {}) =>
  (await ask(facade, 'deadLetters', { id, ...page })) as unknown as DeadLetterPage;

async function createPool(of: number, name: string): Promise<void> {
  const body = { name: `${of} ${name}`, description: 'x' };
  const { status, text } = await gateway.send('/netweave/v1/resourcePools', { method: 'POST', body });
  expect(status).toBe(201);
  const { position } = JSON.parse(text) as { readonly position: string };
  subscribed.get(of)!.made.push({ name, position });
}

const seqOf = ({ position }: { readonly position: string }) => parsePosition(position)!.seq;
const nameIn = (body: unknown) =>
  (body as { readonly postObjectState: { readonly name: string } }).postObjectState.name.slice('400 '.length);

/**
 * Callbacks refuse until everything is a dead letter: what is older than the log may be is given up at the second attempt, and
 * one gateway keeps a log of two seconds. Another one, whose log is kept, goes on.
 */
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ folder, simulators, yaml: 'logBudget: { hours: 0.0006 }' });
  for (const [status, ordering] of [
    [400, 'strict'],
    [500, 'resource'],
  ] as const) {
    const callback = await receiver();
    callback.state.status = status;
    const filter = `(eq,objectType,ResourcePoolInfo);(cont,name,${status})`;
    const value = { callback: callback.url, ordering, filterMode: 'include', filter };
    const { subscriptionId } = await ask('own', 'create', { value });
    subscribed.set(status, { id: String(subscriptionId), made: [], callback });
  }
  for (const name of names) {
    if (name === 'c') between = new Date(Date.now() + 10).toISOString();
    if (name === 'c') await sleep(20);
    for (const status of subscribed.keys()) await createPool(status, name);
  }
  for (const { id } of subscribed.values())
    await until(async () => (await deliveryOf(id)).deadLetters === names.length);
  await gateway.close();
  gateway = await openGatewayUnderTest({ folder, simulators });
}, 60_000);
afterAll(async () => {
  await gateway.close();
  for (const { callback } of subscribed.values()) await callback.close();
  rmSync(folder, { recursive: true });
});

describe.each([400, 500])('what a callback answered with %i until it was given up', (status) => {
  const of = () => subscribed.get(status)!;
  const received = () => of().callback.received;
  const ids = new Map<string, string>();
  let letters: DeadLetterPage['items'];

  /** What has come must be these pools, each once and under the id it had; then there is nothing more of it. */
  async function expectOwed(owed: readonly string[]): Promise<void> {
    await until(() => received().length >= owed.length);
    const last = `behind ${of().made.length}`;
    await createPool(status, last);
    await until(() => received().some(({ body }) => nameIn(body) === last));
    const told = received().map(({ body }) => nameIn(body));
    expect(told.toSorted()).toEqual([...owed, last].toSorted());
    if (status === 400) expect(told).toEqual([...owed, last]);
    for (const { body, headers } of received()) {
      const name = nameIn(body);
      expect(headers['webhook-id']).toBe(body['notificationId']);
      expect(ids.get(name) ?? body['notificationId']).toBe(body['notificationId']);
      ids.set(name, String(body['notificationId']));
    }
    received().length = 0;
  }

  const since = (place: number) =>
    of()
      .made.slice(place)
      .map(({ name }) => name);

  test('is listed alike over every facade, oldest first', async () => {
    const [first, ...rest] = await Promise.all(others.map((name) => lettersOf(of().id, name)));
    for (const each of rest) expect(each).toEqual(first);
    letters = first!.items;
    expect(letters.map(({ body }) => nameIn(body))).toEqual(names);
    // What a write answers with may lie behind its own change, never behind the next one.
    for (const [index, letter] of letters.entries()) {
      expect(seqOf(letter)).toBeLessThanOrEqual(seqOf(of().made[index]!));
      if (index > 0) expect(seqOf(letter)).toBeGreaterThan(seqOf(of().made[index - 1]!));
    }
    for (const { body, notificationId, reason } of letters) {
      expect(reason).toMatch(/log keeps changes no longer/);
      expect(body).toMatchObject({ notificationId });
      ids.set(nameIn(body), notificationId);
    }
    // In strict order nothing is tried before its turn.
    expect(letters.map(({ attempts }) => attempts)).toEqual(status === 400 ? [1, 0, 0, 0] : [1, 1, 1, 1]);
    const posted = received().map(({ body }) => body);
    expect(posted.toSorted((one, other) => (nameIn(one) < nameIn(other) ? -1 : 1))).toEqual(
      letters.filter(({ attempts }) => attempts > 0).map(({ body }) => body),
    );
    expect(await deliveryOf(of().id)).toMatchObject({ delivered: 0, deadLetters: 4, lastAttempt: { status } });
    received().length = 0;
    of().callback.state.status = 204;
  });

  test('is listed in pages alike', async () => {
    const pages = others.map(async (name) => {
      const { items, next } = await lettersOf(of().id, name, { first: 3 });
      const rest = await lettersOf(of().id, name, { first: 3, after: next });
      expect(rest).not.toHaveProperty('next');
      return [items.length, [...items, ...rest.items]];
    });
    for (const each of await Promise.all(pages)) expect(each).toEqual([3, letters]);
  });

  test('is sent again by its id, and is a dead letter no more', async () => {
    const deadLetters = [letters[1]!.deadLetterId];
    expect(await ask('trpc', 'replay', { id: of().id, deadLetters })).toEqual({ notifications: 1 });
    await until(async () => (await lettersOf(of().id)).items.length === 3);
    await expectOwed(['b']);
    expect((await lettersOf(of().id)).items.map(({ body }) => nameIn(body))).toEqual(['a', 'c', 'd']);
  });

  test('is sent again altogether', async () => {
    expect(await ask('graphql', 'replay', { id: of().id, allDeadLetters: true })).toEqual({ notifications: 3 });
    await until(async () => (await lettersOf(of().id)).items.length === 0);
    await expectOwed(['a', 'c', 'd']);
    expect(await deliveryOf(of().id)).toMatchObject({ deadLetters: 0 });
    expect(await ask('own', 'replay', { id: of().id, allDeadLetters: true })).toEqual({ notifications: 0 });
  });

  test('is sent again from a time on, with all that came behind it and nothing before', async () => {
    const { from } = await ask('own', 'replay', { id: of().id, since: between });
    const [before, behind] = [subscribed.get(500)!.made[1]!, subscribed.get(400)!.made[2]!].map(seqOf);
    expect(seqOf({ position: String(from) })).toBeGreaterThanOrEqual(before!);
    expect(seqOf({ position: String(from) })).toBeLessThan(behind!);
    await expectOwed(since(2));
  });

  test('is sent again from a place on', async () => {
    const { position } = of().made[0]!;
    expect(await ask('trpc', 'replay', { id: of().id, since: position })).toEqual({ from: position });
    await expectOwed(since(1));
  });
});
