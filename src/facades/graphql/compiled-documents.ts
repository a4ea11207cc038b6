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
}

export interface CompiledDocuments {
  /** The compiled operation; undefined when it is not, or not yet, compiled. */
  find(document: DocumentNode, operation: OperationDefinitionNode, variables: Values): Compiled | undefined;
}

/** When documents are compiled, and how much of it is kept. */
export interface CompilePolicy {
  /** How often a document is asked for before: most that are asked for once never come again. */
  readonly before: number;
  /** Most of the time that compiling may take: 0.1 is a tenth, in the long run. */
  readonly share: number;
  /** Of memory for compiled code. */
  readonly cacheBytes: number;
}

export const compilePolicy: CompilePolicy = { before: 1, share: 0.1, cacheBytes: 32 * 1024 * 1024 };

/** Measured: 2.6 to 4.1 KiB of heap for a field with what it shares, and 50 to 75 µs to compile it. */
const perField = 4 * 1024;
/** A key and a number. */
const perEntry = 512;

/** A number says how often it was asked for, while it is not compiled. */
type Entry = Compiled | number | 'refused';

export function compiledDocuments(schema: GraphQLSchema, policy: CompilePolicy): CompiledDocuments {
  const twin = compilableSchema(schema);
  const entries = new LRUCache<string, Entry>({ maxSize: policy.cacheBytes });
  const names = namesOf();
  let notBefore = 0;

  function compile(document: DocumentNode, operation: OperationDefinitionNode, variables: Values) {
    const ready = compilable(schema, document, operation, variables);
    const made = ready && compileQuery(twin, ready.document, undefined, { disablingCapturingStackErrors: true });
    if (!ready || !made || !isCompiledQuery(made)) return { entry: 'refused' as const, fields: 0 };
    const { required, fields } = ready;
    const entry: Compiled = { execute: (root, run, values) => made.query(root, run, values), required };
    return { entry, fields };
  }

  return {
    find(document, operation, variables) {
      const key = names(document, operation, variables);
      const known = entries.get(key) ?? 0;
      if (typeof known === 'object') return known;
      if (known === 'refused') return undefined;
      const began = performance.now();
      if (known < policy.before || began < notBefore) return void entries.set(key, known + 1, { size: perEntry });
      const { entry, fields } = compile(document, operation, variables);
      const ended = performance.now();
      notBefore = ended + (ended - began) * (1 / policy.share - 1);
      entries.set(key, entry, { size: perEntry + fields * perField });
      return entry === 'refused' ? undefined : entry;
    },
  };
}

/** Names an operation of a document as its variables shape it. */
function namesOf() {
  const known = new WeakMap<DocumentNode, { readonly number: number; readonly deciding: readonly string[] }>();
  let last = 0;
  return (document: DocumentNode, operation: OperationDefinitionNode, variables: Values): string => {
    const about = known.get(document) ?? { number: (last += 1), deciding: decidingVariables(document) };
    known.set(document, about);
    const shape = about.deciding.map((name) => String(variables[name]));
    return [about.number, operation.name?.value ?? '', ...shape].join(' ');
  };
}
