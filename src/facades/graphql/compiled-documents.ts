import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { compilable, decidingVariables } from './compilable-document.js';
import { compilableSchema, type Run } from './compilable-schema.js';

type Values = Readonly<Record<string, unknown>>;

/** A document as a function of its root value and its coerced variables. */
export type Compiled = (root: unknown, run: Run, variables: Values) => ExecutionResult | Promise<ExecutionResult>;

export interface CompiledDocuments {
  /** The compiled operation; undefined when it is not, or not yet, compiled. */
  find(document: DocumentNode, operation: OperationDefinitionNode, variables: Values): Compiled | undefined;
}

/** Of memory for compiled code. */
const cacheBytes = 32 * 1024 * 1024;
const perField = 8 * 1024;
const perEntry = 1024;

/** The share of time that compiling may take is one in so many. */
const rest = 10;

type Entry = Compiled | 'seen' | 'refused';

/** Compiles a document when it is asked for a second time: most that are asked for once never come again. */
export function compiledDocuments(schema: GraphQLSchema): CompiledDocuments {
  const twin = compilableSchema(schema);
  const entries = new LRUCache<string, Entry>({ maxSize: cacheBytes });
  const names = namesOf();
  let notBefore = 0;

  function compile(document: DocumentNode, operation: OperationDefinitionNode, variables: Values) {
    const ready = compilable(twin, document, operation, variables);
    const made = ready && compileQuery(twin, ready.document, undefined, { disablingCapturingStackErrors: true });
    if (!ready || !made || !isCompiledQuery(made)) return { entry: 'refused' as const, fields: 0 };
    const entry: Compiled = (root, run, values) => made.query(root, run, values);
    return { entry, fields: ready.fields };
  }

  return {
    find(document, operation, variables) {
      const key = names(document, operation, variables);
      const known = entries.get(key);
      if (typeof known === 'function') return known;
      if (known === 'refused') return undefined;
      if (known === undefined) return void entries.set(key, 'seen', { size: perEntry });
      const began = performance.now();
      if (began < notBefore) return undefined;
      const { entry, fields } = compile(document, operation, variables);
      const ended = performance.now();
      notBefore = ended + (ended - began) * (rest - 1);
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
