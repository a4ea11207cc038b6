import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { execute, parse, validate, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { allOperations } from '../../operations/operations.js';
import { compilePolicy } from './compiled-documents.js';
import { formatError } from './errors.js';
import { compiledExecution, type Execute } from './execution.js';
import { schemaOf } from './schema.js';
import { ids, inventory } from './testing/inventory.js';
import { randomDocument, type Samples } from './testing/random-document.js';
import { openWorld, type World } from './testing/world.js';

const samples: Samples = {
  ID: [ids.pool(1), ids.pool(4), ids.resource(1), ids.element(1), ids.site(1), ids.manager, ids.cloud, 'nobody'],
  first: [1, 2, 3, 1, 2, 50, 7, 10, 4, 5, 1, 2, 0, 5000],
  after: ['', 'no cursor'],
  filter: [
    '(eq,name,pool-1)',
    '(cont,description,pool)',
    '(eq,name,pool-2)',
    '(neq,name,pool-1)',
    '(eq,nothing,1)',
    '((',
  ],
  path: ['rack', 'a/b'],
  String: ['pool-1', 'r1', ''],
  Int: [0, 1, 3],
  Float: [0.5, 2],
  Boolean: [true, false],
};

let world: World;
let schema: GraphQLSchema;
/** Which schema resolvers were called from: that of compiled code is another. */
let calledFrom = new Set<GraphQLSchema>();
beforeAll(async () => {
  world = await openWorld(inventory);
  // A query that is audited adds to what `audit` answers the second time.
  schema = schemaOf(allOperations.filter(({ kind, audit }) => kind === 'mutation' || audit !== 'durable'));
  for (const field of Object.values(schema.getQueryType()!.getFields())) {
    const resolve = field.resolve!;
    field.resolve = (source, args, context, info) => {
      calledFrom.add(info.schema);
      return resolve(source, args, context, info);
    };
  }
});
afterAll(() => world.close());

/** What a client would see of a result, its errors in any order. */
function shown({ data, errors }: ExecutionResult): object {
  const told = (errors ?? []).map((error) => JSON.stringify(formatError({ extensions: {}, ...error.toJSON() }, error)));
  return { data: JSON.stringify(data), errors: told.sort() };
}

const always = { ...compilePolicy, before: 0, share: 1 };

test('random documents are answered as graphql-js answers them', async () => {
  const execution: Execute = compiledExecution(schema, always);
  const tally = { valid: 0, compiled: 0, again: 0, failed: 0 };
  await fc.assert(
    fc.asyncProperty(fc.gen(), fc.constantFrom('admin', 'admin', 'pool-reader', 'tenant-a'), async (gen, caller) => {
      const { text, variables } = randomDocument(gen, schema, samples);
      const document = parse(text);
      fc.pre(validate(schema, document).length === 0);
      const expected = await execute({
        schema,
        document,
        variableValues: variables,
        contextValue: world.requestOf(caller),
      });
      calledFrom = new Set();
      const answered = await execution({ document, variables, context: world.requestOf(caller) });
      expect(shown(answered)).toEqual(shown(expected));
      tally.valid += 1;
      if (expected.errors) tally.failed += 1;
      if ([...calledFrom].some((from) => from !== schema)) tally.compiled += 1;
      if (calledFrom.size === 2) tally.again += 1;
    }),
    { numRuns: 150, maxSkipsPerRun: 20, endOnFailure: true },
  );
  expect(tally.compiled).toBeGreaterThan(tally.valid / 5);
});
