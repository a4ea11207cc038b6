import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { liveDocuments, type Sent } from './live-documents.js';

const schema = buildSchema('type Query { text: String } type Subscription { changes: Int }');
const documents = liveDocuments(schema, { introspection: true, depth: 5, aliases: 5, documentBytes: 1000 });

test.each([
  ['variables', 'variables', 'The variables nest'],
  ['extensions', 'extensions', 'The extensions nest'],
  ['whatever', 'payload', 'The payload nests'],
])('what nests too deep to be read again is refused: %s', (member, at, message) => {
  const sent = (levels: number) => {
    const deep = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    return JSON.parse(`{"query":"subscription { changes }","${member}":${deep}}`) as Sent;
  };
  const begin = (all: Sent) => documents.live(documents.check(all), all);
  const refused = { code: 'INVALID', message: `${message} deeper than 20 levels.`, detail: { at } };
  expect(() => begin(sent(5000))).toThrow(expect.objectContaining(refused));
  expect(begin(sent(15))).toMatchObject({ field: { name: 'changes' } });
});

test('documents are kept up to a bound: those that were sent last', () => {
  // Some 160 kB of memory each, as they are counted: 16 MiB have room for some hundred.
  const sent = (n: number): Sent => ({ query: `subscription { a${n}: changes } # ${'x'.repeat(900)}` });
  const document = (n: number) => documents.check(sent(n)).document;
  const first = document(0);
  expect(document(0)).toBe(first);
  for (let n = 1; n < 119; n += 1) document(n);
  const last = document(119);
  expect([document(119) === last, document(0) === first]).toEqual([true, false]);
});
