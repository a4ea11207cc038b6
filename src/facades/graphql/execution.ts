import {
  execute,
  getOperationAST,
  getVariableValues,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import { compiledDocuments, compilePolicy, type Compiled } from './compiled-documents.js';
import type { Run } from './compilable-schema.js';

/** A validated document and what it is executed with. */
export interface Execution {
  /** The same node for the same document: what is compiled of it is found by it. */
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  /** As they were sent. */
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: unknown;
  /** What the fields of the root type are read from: of a subscription, `{ [field]: payload }`. */
  readonly root?: unknown;
}

/** Executes queries, mutations, and subscriptions for one event. Never rejects. */
export type Execute = (execution: Execution) => Promise<ExecutionResult>;

/**
 * Executes as graphql-js does, by compiled code where that is sure to answer the same. Errors stand in the order of the document.
 * Fields without a resolver must be plain properties: no promise, no method.
 */
export function compiledExecution(
  schema: GraphQLSchema,
  policy = compilePolicy,
  documents = compiledDocuments(schema, policy),
): Execute {
  return async (execution) => {
    const { document, operationName, variables } = execution;
    const operation = getOperationAST(document, operationName);
    // Compiled code that fails is executed again, and a write is not.
    if (!operation || operation.operation === 'mutation') return interpret(schema, execution);
    const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 50 });
    if (values.errors) return { errors: values.errors };
    const compiled = documents.find({ document, operation, variables: values.coerced });
    const answered = compiled && (await run(compiled, values.coerced, execution));
    const result = answered?.errors && compiled?.operation !== operation ? undefined : answered;
    return inDocumentOrder(result ?? (await interpret(schema, execution)));
  };
}

async function interpret(schema: GraphQLSchema, execution: Execution): Promise<ExecutionResult> {
  const { document, operationName, variables, context, root } = execution;
  return execute({
    schema,
    document,
    operationName: operationName ?? null,
    variableValues: variables ?? {},
    contextValue: context,
    rootValue: root,
  });
}

/** Undefined when it is not certain that graphql-js would answer the same. */
function run(
  compiled: Compiled,
  variables: Readonly<Record<string, unknown>>,
  { context, root }: Execution,
): Promise<ExecutionResult | undefined> {
  return new Promise((resolve) => {
    const broken = () => resolve(undefined);
    const failures = new Set<GraphQLError>();
    const about: Run = { context, failures, broken };
    try {
      const result = compiled.execute(root, about, variables);
      if ('then' in result) result.then((each) => resolve(judged(each, compiled, failures)), broken);
      else resolve(judged(result, compiled, failures));
    } catch {
      broken();
    }
  });
}

/**
 * What compiled code answers, if it is what graphql-js would. It would not be when something else than a resolver failed, which has
 * other words, or when several failed and one of them takes more than its own field along: which of them is told, is a race.
 */
function judged(
  { data, errors = [] }: ExecutionResult,
  { required }: Compiled,
  failures: ReadonlySet<GraphQLError>,
): ExecutionResult | undefined {
  const told = errors.map(({ originalError }) => originalError as GraphQLError);
  const nulled = required.filter((key) => data![key] == null);
  if (failures.size === 0) return told.length > 0 || nulled.length > 0 ? undefined : { data: data! };
  if (told.length < failures.size || !told.every((error) => failures.has(error))) return undefined;
  if (failures.size > 1 && (nulled.length > 0 || told.some((error) => spread(error, data)))) return undefined;
  if (nulled.some((key) => key !== told[0]!.path![0])) return undefined;
  return { errors: told, data: nulled.length > 0 ? null : data! };
}

/** Whether more than the field of the error is null because of it. */
function spread({ path }: GraphQLError, data: unknown): boolean {
  return path!.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown> | null)?.[key], data) == null;
}

function inDocumentOrder(result: ExecutionResult): ExecutionResult {
  if (!result.errors || result.errors.length < 2) return result;
  return { ...result, errors: [...result.errors].sort(byPlace) };
}

function byPlace(one: GraphQLError, other: GraphQLError): number {
  const [a, b] = [one.nodes?.[0]?.loc?.start ?? 0, other.nodes?.[0]?.loc?.start ?? 0];
  if (a !== b) return a - b;
  const keys = one.path ?? [];
  const others = other.path ?? [];
  const at = keys.findIndex((key, index) => key !== others[index]);
  if (at < 0 || others[at] === undefined) return keys.length - others.length;
  return keys[at]! < others[at] ? -1 : 1;
}
