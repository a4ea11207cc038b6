import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest } from '#test/gateway-under-test.js';
import { majors, type Major } from './attributes.js';
import { base, json, openGolden, type Golden, type Reply, type Row } from './client.js';
import { isOfKind } from './kinds.js';
import { mediaType, problemFaults } from './problems.js';
import { openReceiver, quiet, type Receiver } from './receiver.js';
import { spellings, versionForm } from './routes.js';
import { refusedFilters } from './subscription-filters.js';
import {
  distinct,
  duplicates,
  failedVerifications,
  inEveryCase,
  methods,
  noUuid,
  original,
  refusedBodies,
  refusedListQueries,
  refusedQueries,
  selections,
  statuses,
  unknownPaths,
  upperCaseUuid,
  wrongPaths,
} from './subscriptions.js';

let golden: Golden;
let receiver: Receiver;
beforeAll(async () => {
  [golden, receiver] = await Promise.all([openGolden(), openReceiver()]);
});
afterAll(async () => {
  await golden.close();
  await receiver.close();
});

const families = majors.flatMap((major) =>
  spellings.map((spelling) => ({ major, spelling, prefix: base(major, spelling) })),
);
const otherOf = <T>(all: readonly T[], one: T): T => all.find((each) => each !== one) ?? one;

function post(prefix: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = { 'Content-Type': 'application/json', ...headers };
  return golden.send(`${prefix}/subscriptions`, { method: 'POST', headers: sent, body: text });
}

/** A subscription that was made, as it was answered. */
async function subscribe(prefix: string, body: Row = {}): Promise<Row> {
  const reply = await post(prefix, { callback: receiver.callback(), ...body });
  if (reply.status !== 201) throw new Error(`expected 201, got ${reply.status}: ${reply.text}`);
  return json(reply) as Row;
}

const at = (prefix: string, subscription: Row): string =>
  `${prefix}/subscriptions/${encodeURIComponent(String(subscription['subscriptionId']))}`;
const list = (prefix: string, query = ''): Promise<Row[]> => golden.crawl(`${prefix}/subscriptions${query}`);
const idsOf = (rows: readonly Row[]): unknown[] => rows.map((row) => row['subscriptionId']);
const equal = (attribute: string, value: unknown): string =>
  `?filter=${encodeURIComponent(`(eq,${attribute},${String(value)})`)}`;
const statusOf = async (target: string, method = 'GET'): Promise<number> =>
  (await golden.send(target, { method })).status;

function expectVersion(reply: Reply, major: Major): void {
  expect(reply.headers['version']).toMatch(versionForm);
  expect(String(reply.headers['version']).split('.')[0]).toBe(major.slice(1));
}

describe.each(families)('subscriptions of $prefix', ({ major, spelling, prefix }) => {
  test('§1.3 POST is 201 with the subscription, an absolute Location that can be read, and Version', async () => {
    const given = {
      callback: receiver.callback(),
      filter: '(eq,objectType,ResourceInfo)',
      consumerSubscriptionId: 'a',
    };
    const reply = await post(prefix, given);
    expect([reply.status, mediaType(reply)]).toEqual([201, 'application/json']);
    const body = json(reply) as Row;
    expect(body).toMatchObject(given);
    expect(isOfKind(body['subscriptionId'], 'Id')).toBe(true);
    expect(reply.headers['location']).toBe(golden.apiRoot + at(prefix, body));
    expectVersion(reply, major);
    const read = await golden.send(golden.targetOf(String(reply.headers['location'])));
    expect([read.status, json(read)]).toEqual([200, body]);
    expectVersion(read, major);
  });

  test('§1.3 a callback is all that must be given', async () => {
    const callback = receiver.callback();
    const made = await subscribe(prefix, { callback });
    expect(made['callback']).toBe(callback);
    expect(made['consumerSubscriptionId'] ?? undefined).toBeUndefined();
    expect(made['filter'] ?? '').toBe('');
  });

  test('§1.3 a supplied subscriptionId is ignored', async () => {
    const subscriptionId = 'ffffffff-0d5a-4c2e-9f64-0c4d1c6a7e11';
    const made = await subscribe(prefix, { subscriptionId });
    expect(made['subscriptionId']).not.toBe(subscriptionId);
    expect(await statusOf(at(prefix, { subscriptionId }))).toBe(404);
    expect(await statusOf(at(prefix, made))).toBe(200);
  });

  test('§2.7 an empty filter is accepted', async () => {
    const made = await subscribe(prefix, { filter: '' });
    expect(made['filter'] ?? '').toBe('');
  });

  test('§1.9 consumerSubscriptionId: a UUID is kept verbatim and found in any case', async () => {
    const made = await subscribe(prefix, { consumerSubscriptionId: upperCaseUuid });
    expect(made['consumerSubscriptionId']).toBe(upperCaseUuid);
    for (const one of inEveryCase) {
      const found = await list(prefix, equal('consumerSubscriptionId', one));
      const same = found.filter((row) => row['subscriptionId'] === made['subscriptionId']);
      expect({ one, same }).toEqual({ one, same: [made] });
    }
  });

  test('§1.9 consumerSubscriptionId: any other string is kept verbatim and found in its own case', async () => {
    const made = await subscribe(prefix, { consumerSubscriptionId: noUuid });
    expect(made['consumerSubscriptionId']).toBe(noUuid);
    expect(await list(prefix, equal('consumerSubscriptionId', noUuid))).toContainEqual(made);
    expect(await list(prefix, equal('consumerSubscriptionId', noUuid.toLowerCase()))).toEqual([]);
  });

  test('§1.3 GET lists what was made, under both spellings, and filters it by each attribute', async () => {
    const made = await subscribe(prefix, { consumerSubscriptionId: 'listed', filter: '(cont,description,listed)' });
    expect(await list(prefix)).toContainEqual(made);
    const other = base(major, otherOf(spellings, spelling));
    expect(idsOf(await list(other))).toContain(made['subscriptionId']);
    for (const attribute of ['subscriptionId', 'callback']) {
      expect(await list(prefix, equal(attribute, made[attribute]))).toEqual([made]);
    }
    const quoted = `?filter=${encodeURIComponent(`(eq,filter,'${String(made['filter'])}')`)}`;
    expect(idsOf(await list(prefix, quoted))).toContain(made['subscriptionId']);
    const without = `?filter=(neq,subscriptionId,${String(made['subscriptionId'])})`;
    expect(idsOf(await list(prefix, without))).not.toContain(made['subscriptionId']);
    expect(await list(prefix, equal('callback', 'http://127.0.0.1/nothing'))).toEqual([]);
  });

  test.each(selections)('§3.2 ?$query on the list and on one', async ({ query, has, lacks }) => {
    const made = await subscribe(prefix, { consumerSubscriptionId: 'selected', filter: '(eq,name,selected)' });
    const one = json(await golden.send(`${at(prefix, made)}?${query}`)) as Row;
    const listed = (await list(prefix, `?${query}`)).find((row) => row['subscriptionId'] === made['subscriptionId']);
    expect(Object.keys(one)).toEqual(expect.arrayContaining([...has]));
    expect(lacks.filter((name) => name in one)).toEqual([]);
    expect(listed).toEqual(one);
  });

  test.each(refusedQueries)('§3.2 ?%s is 400 on the list and on one', async (query) => {
    const made = await subscribe(prefix);
    expect(problemFaults(await golden.send(`${prefix}/subscriptions?${query}`), 400)).toEqual([]);
    expect(problemFaults(await golden.send(`${at(prefix, made)}?${query}`), 400)).toEqual([]);
  });

  test.each(refusedListQueries)('§1.2 ?%s on the list is 400', async (query) => {
    expect(problemFaults(await golden.send(`${prefix}/subscriptions?${query}`), 400)).toEqual([]);
  });

  test('§1.2 filter on a single subscription is 400', async () => {
    const target = at(prefix, await subscribe(prefix));
    expect(problemFaults(await golden.send(`${target}?filter=(eq,callback,x)`), 400)).toEqual([]);
  });

  test('§1.9 DELETE ends it, once', async () => {
    const made = await subscribe(prefix);
    const reply = await golden.send(at(prefix, made), { method: 'DELETE' });
    expect([reply.status, reply.text]).toEqual([statuses.deleted[major], '']);
    expectVersion(reply, major);
    expect(problemFaults(await golden.send(at(prefix, made)), 404)).toEqual([]);
    expect(problemFaults(await golden.send(at(prefix, made), { method: 'DELETE' }), 404)).toEqual([]);
    expect(idsOf(await list(prefix))).not.toContain(made['subscriptionId']);
  });

  test.each(unknownPaths)('§4 %s is 404, to GET and to DELETE', async (path) => {
    const id = String((await subscribe(prefix))['subscriptionId']);
    const target = prefix + path.replace('{id}', id);
    for (const method of ['GET', 'DELETE']) {
      expect(problemFaults(await golden.send(target, { method }), 404)).toEqual([]);
    }
    expect(await statusOf(`${prefix}/subscriptions/${id}`)).toBe(200);
  });

  test.each(wrongPaths)('§4 %s is 404 in any method', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const content = method === 'POST' ? { body: JSON.stringify({ callback: receiver.callback() }) } : {};
      const ask = { method, headers: { 'Content-Type': 'application/json' }, ...content };
      expect(problemFaults(await golden.send(`/${spelling}${path}`, ask), 404)).toEqual([]);
    }
  });

  test.each(methods)('§1.2 other methods on $path are 405 with Allow', async ({ path, refused, allow }) => {
    const made = await subscribe(prefix);
    const target = prefix + path.replace('{id}', String(made['subscriptionId']));
    for (const method of refused) {
      const content = method === 'DELETE' ? {} : { headers: { 'Content-Type': 'application/json' }, body: '{}' };
      const reply = await golden.send(target, { method, ...content });
      const told = (reply.headers['allow'] ?? '').split(',').map((name) => name.trim());
      expect({ method, faults: problemFaults(reply, 405) }).toEqual({ method, faults: [] });
      expect({ method, allow: told.toSorted() }).toEqual({ method, allow });
    }
    expect(await statusOf(at(prefix, made))).toBe(200);
  });

  test('§1.2 HEAD follows GET', async () => {
    for (const target of [`${prefix}/subscriptions`, at(prefix, await subscribe(prefix))]) {
      const reply = await golden.send(target, { method: 'HEAD' });
      expect([reply.status, mediaType(reply), reply.text]).toEqual([200, 'application/json', '']);
    }
  });

  test.each(refusedBodies)('$clause $why is refused', async ({ body, contentType, status }) => {
    const callback = receiver.callback();
    const text = (typeof body === 'string' ? body : JSON.stringify(body)).replace('CALLBACK', callback);
    const reply = await post(prefix, text, contentType === undefined ? {} : { 'Content-Type': contentType });
    expect(status[major]).toContain(reply.status);
    expect(problemFaults(reply, reply.status)).toEqual([]);
    expectVersion(reply, major);
    expect(await list(prefix, equal('callback', callback))).toEqual([]);
  });

  test.each(refusedFilters)('§2.7 the filter %s is 400 at %i', async (filter, position) => {
    const callback = receiver.callback();
    const reply = await post(prefix, { callback, filter });
    expect(problemFaults(reply, 400)).toEqual([]);
    expect(json(reply)).toMatchObject({ at: 'filter', position });
    expect(await list(prefix, equal('callback', callback))).toEqual([]);
  });

  test.each([
    ['Accept', 'text/html', 406],
    ['Version', '99.0.0', 406],
    ['Version', 'latest', 400],
  ] as const)('§4 POST with %s: %s is %i and makes nothing', async (name, value, status) => {
    const callback = receiver.callback();
    expect(problemFaults(await post(prefix, { callback }, { [name]: value }), status)).toEqual([]);
    expect(await list(prefix, equal('callback', callback))).toEqual([]);
  });

  describe('§1.9 duplicates', () => {
    test.each(duplicates)('$why is one', async ({ change, other }) => {
      const body = { callback: receiver.callback(), ...original };
      const made = await subscribe(prefix, body);
      const where = other === 'spelling' ? base(major, otherOf(spellings, spelling)) : prefix;
      expect(problemFaults(await post(where, { ...body, ...change }), statuses.duplicate[major])).toEqual([]);
      expect(await list(prefix, equal('callback', body.callback))).toEqual([made]);
    });

    test.each(distinct)('$why is none', async ({ change, other }) => {
      const body = { callback: receiver.callback(), ...original };
      const made = await subscribe(prefix, body);
      const where = other === 'major' ? base(otherOf(majors, major), spelling) : prefix;
      const callback = other === 'callback' ? receiver.callback() : body.callback;
      const second = await subscribe(where, { ...body, callback, ...change });
      expect(second['subscriptionId']).not.toBe(made['subscriptionId']);
    });

    test('what was deleted may be made again', async () => {
      const body = { callback: receiver.callback(), ...original };
      const made = await subscribe(prefix, body);
      expect(await statusOf(at(prefix, made), 'DELETE')).toBe(statuses.deleted[major]);
      expect((await subscribe(prefix, body))['subscriptionId']).not.toBe(made['subscriptionId']);
    });
  });

  describe('§2.5 verification', () => {
    test('the callback is asked before the answer, and 204 is consent', async () => {
      const callback = receiver.callback(204);
      await subscribe(prefix, { callback });
      expect(receiver.requests(callback, 'GET').length).toBeGreaterThan(0);
    });

    test.each(failedVerifications)('a callback that answers %i is refused', async (status) => {
      const callback = receiver.callback(status);
      expect(problemFaults(await post(prefix, { callback }), statuses.unusable[major])).toEqual([]);
      expect(receiver.requests(callback, 'GET').length).toBeGreaterThan(0);
      expect(receiver.requests(receiver.target(callback), 'GET')).toEqual([]);
      expect(await list(prefix, equal('callback', callback))).toEqual([]);
    });
  });
});

test('§2.5 callbacks.test: off asks nobody', async () => {
  const yaml = 'callbacks: { test: "off" }';
  const simulators = { still: { embedded: { seed: 7, size: 50, changesPerSecond: 0 } } };
  const gateway = await openGatewayUnderTest({ simulators, yaml });
  try {
    for (const { prefix } of families) {
      const callback = receiver.callback(500);
      const reply = await gateway.send(`${prefix}/subscriptions`, { method: 'POST', body: { callback } });
      expect(reply.status).toBe(201);
      await quiet();
      expect(receiver.requests(callback, 'GET')).toEqual([]);
    }
  } finally {
    await gateway.close();
  }
});
