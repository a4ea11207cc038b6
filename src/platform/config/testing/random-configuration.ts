import fc from 'fast-check';
import type { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { Backend } from '../backends.js';
import { adapterModel, type AdapterModels } from '../model-walk.js';
import { ConfigurationModel } from '../model.js';

type Gen = fc.GeneratorValue;
type Settings = Record<string, unknown>;

/** One is right for each setting that is a text, a number or a quantity; some upset who writes or reads YAML. */
const samples: readonly unknown[] = [
  ...[
    '',
    'a',
    'edge-1',
    'x'.repeat(300),
    'ü漢😀',
    'two\nlines',
    '- a',
    'a: b',
    '# b',
    ' a ',
    'null',
    '5',
    '~',
    "'",
    '"',
    '\u2028',
  ],
  ...['127.0.0.1', '*', '10.0.0.0/8', '*.example.com', 'https://gateway.example', '2027-01-31T12:00:00Z'],
  ...['5b1e0c6e-0d5a-4c2e-9f64-0c4d1c6a7e11', 'ab'.repeat(32), Buffer.alloc(32, 1).toString('base64')],
  ...['resourcePools:read', 'secret:a/b#c', 'netweave.io/pool', '(eq,name,a)'],
  ...['30s', '250ms', '1.5m', '2h', '64KiB', '1MiB', '1GiB', 0, 1, 2, 1.5, 100, 4096, 65_536, 1_048_576],
  ...['api,watch,deliver', ['api', 'watch', 'deliver']],
];
const anything: readonly unknown[] = [null, '', 'a', 0, true, [], {}, [1, [2, { a: [] }]], { a: { b: [null, 'x'] } }];

/** Settings that the model takes one by one, for these names. Rules may refuse them. */
export function randomConfiguration(gen: Gen, adapters: AdapterModels, names: readonly string[]): Settings {
  const author = new Author(gen, adapters);
  return author.settings(Object.entries(ConfigurationModel.shape).filter(([name]) => names.includes(name)));
}

class Author {
  readonly #gen: Gen;
  readonly #adapters: AdapterModels;

  constructor(gen: Gen, adapters: AdapterModels) {
    this.#gen = gen;
    this.#adapters = adapters;
  }

  settings(shape: readonly (readonly [string, $ZodType])[]): Settings {
    const chosen = shape.filter(([, model]) => model._zod.optin !== 'optional' || this.#gen(fc.boolean));
    return Object.fromEntries(chosen.map(([name, model]) => [name, this.#value(model)]));
  }

  /** Drawn again until the model takes it: a refinement may want one of two settings, or an entry at least. */
  #value(model: $ZodType): unknown {
    for (let tries = 0; tries < 100; tries += 1) {
      const value = this.#draft(model as $ZodTypes);
      if ((model as z.ZodType).safeParse(value).success) return value;
    }
    throw new Error(`No sample is right for a setting of the kind '${(model as $ZodTypes)._zod.def.type}'.`);
  }

  #draft(model: $ZodTypes): unknown {
    const { def } = model._zod;
    if ('innerType' in def) return this.#value(def.innerType);
    if (def.type === 'object') return this.#backend(model) ?? this.settings(Object.entries(def.shape));
    if (def.type === 'array') return this.#some(() => this.#value(def.element));
    if (def.type === 'record')
      return Object.fromEntries(this.#some(() => [this.#value(def.keyType), this.#value(def.valueType)] as const));
    if (def.type === 'lazy' || def.type === 'unknown') return this.#gen(fc.constantFrom, ...anything);
    return this.#gen(fc.constantFrom, ...rightFor(model));
  }

  #backend(model: $ZodTypes): Settings | undefined {
    if (model !== (Backend as unknown)) return undefined;
    const type = this.#gen(fc.constantFrom, ...Object.keys(this.#adapters));
    const settings = this.settings(
      Object.entries(Backend.shape).filter(([name]) => !['type', 'options'].includes(name)),
    );
    return { ...settings, type, options: this.#value(adapterModel({ type }, this.#adapters)!) };
  }

  #some<T>(make: () => T): readonly T[] {
    return Array.from({ length: this.#gen(fc.integer, { min: 0, max: 3 }) }, make);
  }
}

const right = new WeakMap<$ZodType, readonly unknown[]>();

/** The samples that a model takes. */
function rightFor(model: $ZodType): readonly unknown[] {
  const known = right.get(model);
  if (known) return known;
  const { def } = (model as $ZodTypes)._zod;
  const values = def.type === 'enum' ? Object.values(def.entries) : def.type === 'literal' ? def.values : [true, false];
  const found = [...samples, ...values].filter((each) => (model as z.ZodType).safeParse(each).success);
  right.set(model, found);
  return found;
}
