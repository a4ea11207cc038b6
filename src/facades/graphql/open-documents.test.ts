import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execute, parse, type OperationDefinitionNode } from 'graphql';
import { compiledDocuments, compilePolicy } from './compiled-documents.js';
import { compiledExecution } from './execution.js';
import { ids, inventory } from './testing/inventory.js';
import { openLiveWorld, type Listener, type LiveWorld } from './testing/live-world.js';
import { moodySchema, type Moods } from './testing/moody-schema.js';

/** Of a document with three fields. */
const bytes = 512 + 3 * 4096;

let live: LiveWorld;
beforeEach(async () => {
  // A quarter is room for two.
  live = await openLiveWorld(inventory, { compile: { ...compilePolicy, keptBytes: 8 * bytes } });
});
afterEach(async () => {
  await live.close();
  expect(live.world.seen.unforeseen).toEqual([]);
});

let asked = 0;
/** What a subscription was refused with, and how to end it. */
async function ask(listener: Listener, query: string, variables = {}) {
  const id = `${(asked += 1)}`;
  await listener.subscribe(id, query, { variables });
  const refusals = listener.of(id) as unknown as (readonly { message: string; extensions: { code: string } }[])[];
  const end = () => listener.socket.send(JSON.stringify({ id, type: 'complete' }));
  return { code: refusals[0]?.[0]?.extensions.code, message: refusals[0]?.[0]?.message, end };
}

const two = (name: string) => `subscription { resourceChanged { ${name} position } }`;
const refused = { code: 'RATE_LIMITED', message: expect.stringContaining('End some, ask for fewer fields, or') };

describe('a subscription whose document has no room beside those that are open', () => {
  test('is refused, until one of them has ended', async () => {
    const listener = await live.listen();
    const first = await ask(listener, two('id'));
    expect([first.code, (await ask(listener, two('change'))).code]).toEqual([undefined, undefined]);
    expect(await ask(listener, two('at'))).toMatchObject(refused);
    expect(live.hub.size).toBe(2);
    first.end();
    expect((await ask(listener, two('at'))).code).toBeUndefined();
  });

  test('has the room of another that differs in what it wants or how it is laid out', async () => {
    const listener = await live.listen();
    const filtered = `subscription ($x: String) { resourceChanged(filter: $x) { id position } }`;
    const where = (id: string) => two('id').replace('{ id', `(where: { resourceId: { eq: "${id}" } }) { id`);
    const all = [
      two('id'),
      two('id').replaceAll(' ', '\n'),
      ...[1, 2, 3].map((number) => where(ids.resource(number))),
      two('id').replace('{ id', `(since: "1.a") { id`),
    ];
    for (const each of all) expect(await ask(listener, each)).not.toMatchObject(refused);
    for (const x of ['(cont,description,a)', '(cont,description,b)'])
      expect(await ask(listener, filtered, { x })).not.toMatchObject(refused);
    expect(await ask(listener, two('at'))).toMatchObject(refused);
  });

  test('takes no room from other principals', async () => {
    const [listener, other] = [await live.listen(), await live.listen('reader')];
    for (const name of ['id', 'change', 'at']) await ask(listener, two(name));
    for (const name of ['at', 'change']) expect((await ask(other, two(name))).code).toBeUndefined();
  });
});

test('a subscription that is too large to be compiled is refused as one that costs too much', async () => {
  const spread = `subscription { resourceChanged { ${'...F '.repeat(90)} } } fragment F on ResourceChange { id at }`;
  const { code, message } = await ask(await live.listen(), spread);
  expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining('more than 250 fields')]);
  expect(live.hub.size).toBe(0);
});

describe('what is kept', () => {
  const schema = moodySchema();
  const context = (bad = 0): Moods => ({ salt: 'c', bad, schemas: new Set() });
  const root = { changed: { id: 4, name: 'four', strict: null } };
  const askedFor = (text: string) => {
    const document = parse(text);
    return { document, operation: document.definitions[0] as OperationDefinitionNode, variables: {} };
  };

  test('stays compiled whatever else is asked, and no longer than it is wanted', async () => {
    const policy = { ...compilePolicy, share: 1, cacheBytes: 64 * 1024 };
    const documents = compiledDocuments(schema, policy);
    const execution = compiledExecution(schema, policy, documents);
    const open = askedFor('subscription { changed { sure } }');
    const compiled = async () => {
      const noticed = context();
      await execution({ document: open.document, context: noticed, root });
      return !noticed.schemas.has(schema);
    };
    const others = Array.from({ length: 20 }, (_, at) => parse(`{ a${at}: thing { name id } }`));
    const ask = async () => {
      for (const document of [...others, ...others]) await execution({ document, context: context() });
    };
    const [one, other] = [documents.keep(open, 'name')!, documents.keep(open, 'name')!];
    expect([await compiled(), await compiled()]).toEqual([false, true]);
    one.letGo();
    await ask();
    expect(await compiled()).toBe(true);
    other.letGo();
    expect(await compiled()).toBe(false);
  });

  test('is used for its equals too, and what fails has its own place in each of them', async () => {
    const policy = { ...compilePolicy, before: 0, share: 1 };
    const documents = compiledDocuments(schema, policy);
    const execution = compiledExecution(schema, policy, documents);
    const texts = ['subscription { changed(id: 1) { sure } }', 'subscription {\n  changed(id: 22) {\n sure } }'];
    const all = texts.map(askedFor);
    for (const each of all) documents.keep(each, 'name');
    for (const { document } of all) {
      const noticed = context();
      await execution({ document, context: noticed, root });
      expect(noticed.schemas.has(schema)).toBe(false);
      const expected = await execute({ schema, document, contextValue: context(100), rootValue: root });
      expect(expected.errors).toHaveLength(1);
      const answer = await execution({ document, context: context(100), root });
      expect(JSON.stringify(answer)).toBe(JSON.stringify(expected));
    }
  });
});
