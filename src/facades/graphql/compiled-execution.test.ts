import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildSchema, execute, parse, specifiedRules, subscribe, validate, type ExecutionResult } from 'graphql';
import { certainRoot } from './certain-root.js';
import { compilePolicy } from './compiled-documents.js';
import { compiledExecution } from './execution.js';
import { happened, moodySchema, type Moods } from './testing/moody-schema.js';
import { randomDocument, randomSubscription, type Samples } from './testing/random-document.js';

const schema = moodySchema();
const rules = [...specifiedRules, certainRoot];
const always = { ...compilePolicy, before: 0, share: 1 };
const samples: Samples = { Int: [0, 1, 2, 5], String: ['a', ''], Day: ['2026-11-28', '1999-01-01'], Boolean: [true] };

const calm = (): Moods => ({ salt: '', bad: 0, schemas: new Set() });
/** Whether resolvers were called by compiled code alone. */
const compiled = ({ schemas }: Moods) => schemas.size === 1 && !schemas.has(schema);

/** Spreads a fragment that has nothing left 2 to the power of `times` times. */
function doubling(times: number): string {
  const fragment = (number: number) =>
    `fragment F${number} on Thing { ...F${number + 1} ... on Thing { ...F${number + 1} } }`;
  const all = Array.from({ length: times }, (_, number) => fragment(number));
  return `{ thing { ...F0 } } ${all.join(' ')} fragment F${times} on Thing { id @skip(if: true) }`;
}

function shown({ data, errors }: ExecutionResult): object {
  return { data: JSON.stringify(data), errors: (errors ?? []).map((error) => JSON.stringify(error)).sort() };
}

test('whatever fails, and however, is told as graphql-js tells it', async () => {
  const execution = compiledExecution(schema, always);
  const tally = { compiled: 0, failing: 0, again: 0 };
  const moods = fc.record({ salt: fc.string({ maxLength: 4 }), bad: fc.constantFrom(0, 3, 10, 40) });
  await fc.assert(
    fc.asyncProperty(fc.gen(), moods, async (gen, feeling) => {
      const { text, variables } = randomDocument(gen, schema, samples);
      const document = parse(text);
      fc.pre(validate(schema, document).length === 0);
      const contextValue = { ...feeling, schemas: new Set() };
      const expected = await execute({ schema, document, variableValues: variables, contextValue });
      const context: Moods = { ...feeling, schemas: new Set() };
      expect(shown(await execution({ document, variables, context }))).toEqual(shown(expected));
      if (compiled(context)) tally[expected.errors ? 'failing' : 'compiled'] += 1;
      if (context.schemas.size === 2) tally.again += 1;
    }),
    { numRuns: 250, maxSkipsPerRun: 50, endOnFailure: true },
  );
  // 12 at the least in 15 runs.
  expect(Math.min(tally.compiled, tally.failing, tally.again)).toBeGreaterThan(0);
});

/** What graphql-js tells of each of these events, or instead of all of them. */
async function toldBy(document: ReturnType<typeof parse>, variableValues: object, context: Moods, events: object[]) {
  const asked = { schema, document, variableValues: { ...variableValues }, contextValue: context };
  const happening = async function* () {
    yield* events;
  };
  // The source of events has the name of the field, as an event has.
  const stream = await subscribe({ ...asked, rootValue: { changed: happening } });
  if (!(Symbol.asyncIterator in stream)) return stream;
  const told: ExecutionResult[] = [];
  for await (const each of stream) told.push(each);
  return told;
}

test('each event of a subscription is told as graphql-js tells it', async () => {
  const execution = compiledExecution(schema, always);
  const tally = { compiled: 0, failing: 0, refused: 0 };
  const moods = fc.record({ salt: fc.string({ maxLength: 4 }), bad: fc.constantFrom(0, 3, 10, 40) });
  await fc.assert(
    fc.asyncProperty(fc.gen(), moods, async (gen, feeling) => {
      const { text, variables } = randomSubscription(gen, schema, samples);
      const document = parse(text);
      fc.pre(validate(schema, document, rules).length === 0);
      const mood = (): Moods => ({ ...feeling, schemas: new Set() });
      const events = [1, 2, 3].map((id) => ({ changed: happened(id, mood()) }));
      const expected = await toldBy(document, variables, mood(), events);
      for (const [index, root] of events.entries()) {
        const context = mood();
        const answer = await execution({ document, variables, context, root });
        if (!Array.isArray(expected)) {
          tally.refused += 1;
          expect(shown(answer)).toEqual(shown(expected));
          continue;
        }
        expect(shown(answer)).toEqual(shown(expected[index]!));
        if (compiled(context)) tally[answer.errors ? 'failing' : 'compiled'] += 1;
      }
    }),
    { numRuns: 250, maxSkipsPerRun: 50, endOnFailure: true },
  );
  // 15 at the least in 15 runs: random documents reach both, how often is chance.
  expect(Math.min(tally.compiled, tally.failing)).toBeGreaterThan(0);
}, 60_000);

describe('subscriptions are executed for one event', () => {
  const document = parse('subscription ($name: Boolean!) { changed { id name @include(if: $name) mood plainSure } }');
  const payload = { id: 4, name: 'four', plainSure: 5 };

  test('by compiled code, from the payload', async () => {
    const execution = compiledExecution(schema, always);
    for (const name of [true, false, true]) {
      const context = calm();
      const answer = await execution({ document, variables: { name }, context, root: { changed: payload } });
      const expected = { changed: { id: 4, ...(name && { name: 'four' }), mood: 'WILD', plainSure: 5 } };
      expect(JSON.parse(JSON.stringify(answer))).toEqual({ data: expected });
      expect(compiled(context)).toBe(true);
    }
  });

  test('an event without what must be there is told as graphql-js tells it', async () => {
    const execution = compiledExecution(schema, always);
    const root = { changed: { ...payload, plainSure: null } };
    const variables = { name: true };
    const answer = await execution({ document, variables, context: calm(), root });
    const expected = await execute({
      schema,
      document,
      variableValues: variables,
      contextValue: calm(),
      rootValue: root,
    });
    expect(answer.errors).toHaveLength(1);
    expect(shown(answer)).toEqual(shown(expected));
  });
});

test.each<[string, (value: object) => unknown]>([
  ['at once', (value) => value],
  ['later', (value) => Promise.resolve(value)],
])('what throws in compiled code itself is told as graphql-js tells it: %s', async (_, given) => {
  const document = parse('subscription { changed { id name } }');
  const root = () => ({
    changed: given({
      id: 1,
      get name() {
        throw new Error('no name');
      },
    }),
  });
  const answer = await compiledExecution(schema, always)({ document, context: calm(), root: root() });
  expect(answer.errors).toMatchObject([{ message: 'no name', path: ['changed', 'name'] }]);
  expect(shown(answer)).toEqual(shown(await execute({ schema, document, contextValue: calm(), rootValue: root() })));
});

// Compiled code goes on with such a promise after it has thrown: an error there ended the process.
test.each([
  ['a promise', (): unknown => Promise.resolve([1])],
  ['a list of promises', () => [Promise.resolve(1)]],
  ['a promise of a list of promises', () => Promise.resolve([Promise.resolve(1)])],
])('what throws beside %s is told as graphql-js tells it, and nothing else becomes of it', async (_, late) => {
  const two = buildSchema('type Query { late: [Int] broken: Broken } type Broken { x: Int }');
  const [document, context] = [parse('{ late broken { x } }'), calm()];
  const broken = {
    get x() {
      throw new Error('no x');
    },
  };
  const fields = two.getQueryType()!.getFields();
  Object.assign(fields['late']!, { resolve: late });
  Object.assign(fields['broken']!, { resolve: () => broken });
  const unheard: unknown[] = [];
  const note = (error: unknown) => void unheard.push(error);
  process.on('unhandledRejection', note);
  const answer = await compiledExecution(two, always)({ document, context });
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(shown(answer)).toEqual(shown(await execute({ schema: two, document })));
  expect(unheard).toEqual([]);
});

test('errors stand in the order of the document', async () => {
  const document = parse('{ things { b: self { id } a: sure } echo(input: { more: [] }) loose { self { sure } } }');
  for (const policy of [always, compilePolicy]) {
    for (let salt = 0; salt < 40; salt += 1) {
      const context: Moods = { salt: String(salt), bad: 30, schemas: new Set() };
      const { errors = [] } = await compiledExecution(schema, policy)({ document, context });
      const places = errors.map((error) => error.nodes![0]!.loc!.start);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  }
});

describe('what is compiled', () => {
  test('is what is asked for a second time, and the document stays as it is', async () => {
    const execution = compiledExecution(schema, { ...compilePolicy, share: 1 });
    const document = parse('{ thing { name ...F } } fragment F on Thing { id @skip(if: false) }');
    const before = JSON.stringify(document);
    const seen: boolean[] = [];
    for (let time = 0; time < 3; time += 1) {
      const context = calm();
      await execution({ document, context });
      seen.push(compiled(context));
    }
    expect(seen).toEqual([false, true, true]);
    expect(JSON.stringify(document)).toBe(before);
  });

  test('takes no more than its share of the time', async () => {
    const execution = compiledExecution(schema, { ...compilePolicy, before: 0, share: 1e-6 });
    const used: boolean[] = [];
    for (const text of ['{ thing { name } }', '{ thing { id } }']) {
      const context = calm();
      await execution({ document: parse(text), context });
      used.push(compiled(context));
    }
    expect(used).toEqual([true, false]);
  });

  test('is forgotten when there is no room for it', async () => {
    const room = 64 * 1024;
    const execution = compiledExecution(schema, { ...compilePolicy, share: 1, cacheBytes: room });
    const ask = async (document: ReturnType<typeof parse>) => {
      const context = calm();
      await execution({ document, context });
      return compiled(context);
    };
    const documents = Array.from({ length: 20 }, (_, number) => parse(`{ a${number}: thing { name id } }`));
    for (const each of [...documents, ...documents]) await ask(each);
    expect(await ask(documents[0]!)).toBe(false);
  });

  test.each([
    ['introspection', '{ thing { name } __schema { queryType { name } } }'],
    ['introspection by another name', '{ thing { name } s: __schema { queryType { fields { args { name } } } } }'],
    ['fragments without end', doubling(60)],
    ['names that compiled code would confuse', '{ thing { a: self { b: self { id } } a_b: self { name } } }'],
    ['more fields than pay', `{ ${Array.from({ length: 126 }, (_, number) => `a${number}: thing { id }`).join(' ')} }`],
  ])('is not %s', async (_, text) => {
    const context = calm();
    const document = parse(text);
    const answer = await compiledExecution(schema, always)({ document, context });
    expect(compiled(context)).toBe(false);
    expect(shown(answer)).toEqual(shown(await execute({ schema, document, contextValue: calm() })));
  });
});

test('a schema whose names compiled code would confuse is refused', () => {
  const confused = moodySchema();
  const fields = confused.getQueryType()!.getFields();
  Object.assign(confused.getTypeMap(), {
    Que: Object.assign(Object.create(confused.getQueryType()!), { name: 'Que' }),
  });
  Object.assign(fields, { rything: fields['thing'] });
  expect(() => compiledExecution(confused)).toThrow(/when compiled/);
});
