import { expect, test } from '@jest/globals';
import { jsonFaultAt } from './json-fault.js';

function at(text: string, known = true): number | undefined {
  try {
    JSON.parse(text);
    return jsonFaultAt('Unexpected token', text);
  } catch (error) {
    return jsonFaultAt((error as Error).message, known ? text : undefined);
  }
}

test.each([
  ['garbage', 0],
  ['{"a":}', 5],
  ['{"a":1,}', 7],
  ['[1,', 3],
  ['[nulL]', 4],
  ['{"a":1}{', 7],
  ['{"text":"Unexpected token, in JSON at position 3","a":?}', 54],
  ['true', 0],
])('%s is no JSON from %i on', (text, position) => {
  expect(at(text)).toBe(position);
});

test('without the text it is what the engine tells', () => {
  expect(at('{"a":1,}', false)).toBe(7);
  expect(at('garbage', false)).toBeUndefined();
  expect(at(`{"a":"${'x'.repeat(20_000)}",?}`)).toBe(20_008);
  expect(at(`["${'x'.repeat(20_000)}",?]`)).toBeUndefined();
});
