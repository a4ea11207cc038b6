import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { compilable, decidingVariables } from './compilable-document.js';
import { compilableSchema, type Run } from './compilable-schema.js';

type Values = Readonly<Record<string, unknown>>;

/** A document that is compiled. */
export interface Compiled {
  /** Executes it with coerced variables. A field of the root that fails is null in the answer, whatever its type says. */
  execute(root: unknown, run: Run, variables: Values): ExecutionResult | Promise<ExecutionResult>;
  /** Keys of the answer that are not null: if one is, all of it is. */
  readonly required: readonly string[];
  /** What it was made of: of an equal document, places in errors are others. */
  readonly operation: OperationDefinitionNode;
}

/** An operation of a document, and what it is executed with. */
export interface Asked {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Values;
}

/** What is kept until it is let go. */
export interface Kept {
  /** Equal for what is kept once. */
  readonly key: string;
  /** Of memory, once it is compiled. */
  readonly bytes: number;
  letGo(): void;
}

export interface CompiledDocuments {
  /** The compiled operation; undefined when it is not, or not yet, compiled. */
  find(asked: Asked): Compiled | undefined;
  /**
   * Keeps what is compiled of it, and of all that are called by the same `name`, as their equals are: no other document pushes it
   * out. Undefined when it is too large to be compiled.
   */
  keep(asked: Asked, name: string): Kept | undefined;
}

/** When documents are compiled, and how much of it is kept. */
export interface CompilePolicy {
  /** How often a document is asked for before: most that are asked for once never come again. */
  readonly before: number;
  /** Most of the time that compiling may take: 0.1 is a tenth, in the long run. */
  readonly share: number;
  /** Of memory for compiled code. */
  readonly cacheBytes: number;
  /** Beside that, for what open subscriptions keep. */
  readonly keptBytes: number;
}

export const compilePolicy: CompilePolicy = {
  before: 1,
  share: 0.1,
  cacheBytes: 32 * 1024 * 1024,
  keptBytes: 64 * 1024 * 1024,
};

/** Measured: 2.6 to 4.1 KiB of heap for a field with what it shares, and 50 to 75 µs to compile it. */
const perField = 4 * 1024;
/** A key and a number. */
const perEntry = 512;

/** A number says how often it was asked for, while it is not compiled. */
type Entry = Compiled | number | 'refused';

interface Place {
  entry: Entry;
  readonly bytes: number;
  holders: number;
}

export function compiledDocuments(schema: GraphQLSchema, policy: CompilePolicy): CompiledDocuments {
  const twin = compilableSchema(schema);
  const entries = new LRUCache<string, Entry>({ maxSize: policy.cacheBytes });
  const places = new Map<string, Place>();
  const names = namesOf();
  let notBefore = 0;

  function compile({ document, operation, variables }: Asked) {
    const ready = compilable(schema, document, operation, variables);
    const made =
      typeof ready === 'object' &&
      compileQuery(twin, ready.document, undefined, { disablingCapturingStackErrors: true });
    if (typeof ready !== 'object' || !made || !isCompiledQuery(made)) return { entry: 'refused' as const, fields: 0 };
    const { required, fields } = ready;
    const entry: Compiled = { execute: (root, run, values) => made.query(root, run, values), required, operation };
    return { entry, fields };
  }

  function put(key: string, entry: Entry, fields = 0): void {
    const place = places.get(key);
    if (place) place.entry = entry;
    else entries.set(key, entry, { size: sizeOf(fields) });
  }

  return {
    find(asked) {
      const key = names.keyOf(asked);
      const known = places.get(key)?.entry ?? entries.get(key) ?? 0;
      if (typeof known === 'object') return known;
      if (known === 'refused') return undefined;
      const began = performance.now();
      if (known < policy.before || began < notBefore) return void put(key, known + 1);
      const { entry, fields } = compile(asked);
      const ended = performance.now();
      notBefore = ended + (ended - began) * (1 / policy.share - 1);
      put(key, entry, fields);
      return entry === 'refused' ? undefined : entry;
    },
    keep(asked, name) {
      names.call(asked, name);
      const key = names.keyOf(asked);
      const place = places.get(key) ?? placeOf(compilable(schema, asked.document, asked.operation, asked.variables));
      if (!place) return undefined;
      places.set(key, place);
      place.holders += 1;
      const letGo = () => (place.holders -= 1) === 0 && places.delete(key);
      return { key, bytes: place.bytes, letGo };
    },
  };
}

function sizeOf(fields: number): number {
  return perEntry + fields * perField;
}

function placeOf(ready: ReturnType<typeof compilable>): Place | undefined {
  if (ready === 'large') return undefined;
  if (ready === 'refused') return { entry: ready, bytes: sizeOf(0), holders: 0 };
  return { entry: 0, bytes: sizeOf(ready.fields), holders: 0 };
}

/** Names operations as their variables shape them. */
function namesOf() {
  const known = new WeakMap<OperationDefinitionNode, { readonly name: string; readonly deciding: readonly string[] }>();
  let last = 0;
  const call = ({ document, operation }: Asked, name: string) => {
    const about = { name, deciding: decidingVariables(document) };
    known.set(operation, about);
    return about;
  };
  const keyOf = (asked: Asked): string => {
    const { name, deciding } = known.get(asked.operation) ?? call(asked, String((last += 1)));
    return [name, ...deciding.map((variable) => String(asked.variables[variable]))].join(' ');
  };
  return { call, keyOf };
}
