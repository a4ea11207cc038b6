import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigurationFault, pathText, type Problem } from '../platform/config/fault.js';
import { storeAtHand } from '../platform/config/files.js';
import { ConfigurationModel, type Configuration } from '../platform/config/model.js';
import { printConfiguration } from '../platform/config/print.js';
import { randomConfiguration } from '../platform/config/testing/random-configuration.js';
import { adapterModels } from '../gateway/adapter-models.js';
import { configurationOf, forStart } from './start.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-random-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As `netweave config check` reads it: the configuration, or all that is wrong with it. Whatever else is thrown goes on. */
function read(text: string): Configuration | readonly Problem[] {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, text);
  try {
    return configurationOf({ file, flags: {}, env: {} }, [...forStart, storeAtHand]);
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults;
    throw error;
  }
}

/** Accepted, and then it can be printed; or refused with faults, each of which says where and, in our words, what. */
function expectAnswered(text: string): void {
  const answer = read(text);
  if (!('length' in answer)) return void expect(printConfiguration(answer, adapterModels)).toContain('mode:');
  expect(answer.length).toBeGreaterThan(0);
  const lines = text.split('\n').length;
  for (const { path, line, message } of answer) {
    expect(path !== '' || line !== undefined).toBe(true);
    if (line !== undefined) expect([line >= 1, line <= lines]).toEqual([true, true]);
    expect(message).toMatch(/\S/);
    expect(message).not.toMatch(/Invalid input|Too (small|big)|call stack|undefined|\[object/);
  }
}

/**
 * Making a document of hundreds of settings smaller takes minutes and all memory. Always the same documents: one run of others
 * ended its process before it could say which of them it was.
 */
const asFound = { endOnFailure: true, seed: 20261129 };

const names = Object.keys(ConfigurationModel.shape);
const random = (gen: fc.GeneratorValue, of: readonly string[]) => randomConfiguration(gen, adapterModels, of);

test('what the model takes and no rule is about is accepted, and printed it reads back as the same', () => {
  // Of these, each value stands for itself alone.
  const free = [
    'conformance',
    'oCloud',
    'limits',
    'cors',
    'apis',
    'apiVersionsPrefix',
    'firstSyncTimeout',
    'logBudget',
    'auditBudget',
  ];
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const { cors, ...rest } = random(gen, free);
      const settings = { ...rest, ...(cors !== undefined && { cors: { ...cors, credentials: false } }) };
      const answer = read(stringify(settings));
      expect(answer).not.toBeInstanceOf(Array);
      expect(read(printConfiguration(answer as Configuration, adapterModels))).toEqual(answer);
    }),
    asFound,
  );
});

test('whatever the model takes is accepted, or refused with places', () => {
  const answered = fc.property(fc.gen(), (gen) => expectAnswered(stringify(random(gen, names))));
  fc.assert(answered, asFound);
});

type Path = readonly (string | number)[];

/** Where settings stand, and whether they are lists or have settings inside. */
function placesIn(value: unknown, path: Path = []): readonly (readonly [Path, unknown])[] {
  // Extensions may hold anything, and so do objects of GeoJSON and of RFC 4776.
  if (['extensions', 'coordinate', 'civicAddress'].includes(String(path.at(-1)))) return [];
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const steps = inside.map(([name, each]) => [Array.isArray(value) ? Number(name) : name, each] as const);
  return [[path, value], ...steps.flatMap(([step, each]) => placesIn(each, [...path, step]))];
}

function replaced(value: unknown, [step, ...below]: Path, to: unknown): unknown {
  if (step === undefined) return to;
  const copy = structuredClone(value) as Record<PropertyKey, unknown>;
  copy[step] = replaced(copy[step], below, to);
  return copy;
}

const nonsense = 'n0ns3ns3';

test('a setting that there is not, or one of a wrong kind, is refused where it stands', () => {
  fc.assert(
    fc.property(fc.gen(), fc.boolean(), (gen, beside) => {
      const settings = random(gen, names);
      const [path, value] = gen(fc.constantFrom, ...placesIn(settings));
      const isSettings = typeof value === 'object' && value !== null && !Array.isArray(value);
      const wrong = { ...((beside || path.length === 0) && isSettings && value), [nonsense]: 1 };
      const text = stringify(replaced(settings, path, wrong));
      const line = text.split('\n').findIndex((each) => each.includes(nonsense)) + 1;
      const there = (read(text) as readonly Problem[]).filter((each) => each.path.startsWith(pathText(path)));
      expect([text, there.some((each) => each.line === line || each.line === line - 1)]).toEqual([text, true]);
    }),
    asFound,
  );
});

const snippets = [
  ...[
    '&a ',
    '*a',
    '*nowhere ',
    '<<: *a\n',
    '? ',
    '? [a, b]\n: c\n',
    '!!set ',
    '!!binary ',
    '!foo ',
    '---\n',
    '...\n',
    '%YAML 9.9\n',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    ':',
    ': ',
    '- ',
    '#',
    '|\n',
    '>-\n',
    '\t',
    '\0',
    '\r\n',
    '\n',
    '\uFEFF',
    '\\',
    ' ',
    '~',
    '~: 1\n',
  ],
  ...['.inf', '.nan', '-0', '1e400', `1${'0'.repeat(400)}`, '0x1F', '__proto__: ', 'constructor: ', 'x'.repeat(10_000)],
  ...[
    '['.repeat(60),
    '['.repeat(1000),
    '{a: '.repeat(500),
    '- '.repeat(500),
    '[]',
    '{}',
    '""',
    '"\\0"',
    '[[{ a: [~] }]]',
  ],
];

test('whatever is written into it, the file is accepted or refused with places', () => {
  fc.assert(
    fc.property(fc.gen(), fc.integer({ min: 1, max: 4 }), (gen, changes) => {
      let text = stringify(random(gen, names));
      for (let change = 0; change < changes; change += 1) {
        // Behind a name in half of the cases, where a value stands.
        const values = [...text.matchAll(/: |- /g)].map(({ index }) => index + 2);
        const at = gen(fc.boolean) ? gen(fc.constantFrom, 0, ...values) : gen(fc.nat, { max: text.length });
        const cut = gen(fc.constantFrom, 0, 0, 1, 5);
        text = text.slice(0, at) + gen(fc.constantFrom, ...snippets) + text.slice(at + cut);
      }
      expectAnswered(text);
    }),
    { ...asFound, numRuns: 200 },
  );
});

test.each([
  ['brackets', '['.repeat(5000), 1],
  ['settings', Array.from({ length: 3000 }, (_each, depth) => `${' '.repeat(depth)}a:`).join('\n'), 51],
  [
    'aliases',
    Array.from(
      { length: 90 },
      (_each, at) => `a${at}: &a${at} ${'['.repeat(40)}${at > 0 ? `*a${at - 1}` : ''}${']'.repeat(40)}`,
    ).join('\n'),
    1,
  ],
])('%s that nest too deep to be read are refused with the line', (_what, text, line) => {
  expect(read(text)).toEqual([{ path: '', line, message: 'Nests deeper than 50 levels, as no setting does.' }]);
});
