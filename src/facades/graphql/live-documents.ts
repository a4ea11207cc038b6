import { hash } from 'node:crypto';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  parse,
  print,
  specifiedRules,
  validate,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type VariableNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Fault } from '#schema/errors.js';
import { refuseDeep } from '../nesting.js';
import { bytesOf } from './document-cache.js';
import type { DocumentLimits } from './document-limits.js';
import { mostTokens, ownRules } from './own-rules.js';
import { liveFields, type LiveField } from './streams.js';

/** What a client sends to subscribe. */
export interface Sent {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A document that may be executed, and its operation. */
export interface Checked {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** A subscription that is ready to be executed with each event. */
export interface LiveDocument extends Checked {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly field: LiveField;
  readonly args: Readonly<Record<string, unknown>>;
  /** As they are executed with. */
  readonly coerced: Readonly<Record<string, unknown>>;
  /** Equal for those who are told the same, if they want the same: whose documents differ in arguments of the root at most. */
  readonly name: string;
  /** Equal for those whose document and variables are the same but for where they begin. */
  readonly shared: string;
  /** Equal for those who are told an event alike if they may see the same, whatever they want. */
  readonly words: string;
}

interface Limits extends DocumentLimits {
  readonly introspection: boolean;
  readonly documentBytes: number;
}

/** Of variables as JSON. As objects they take up to twenty times that, and one client may have thousands of streams. */
const longestBeside = 4096;
/** Of memory for documents that are kept parsed and validated. */
const keptBytes = 16 * 1024 * 1024;
const rootSince = 'since';

/** Reads documents: parsed and validated once. */
export interface LiveDocuments {
  /** Throws GraphQLErrors in a list, or a Fault. */
  check(sent: Sent): Checked;
  /** Of a checked subscription. */
  live(checked: Checked, sent: Sent): LiveDocument;
}

export function liveDocuments(schema: GraphQLSchema, limits: Limits): LiveDocuments {
  const known = new LRUCache<string, DocumentNode>({
    maxSize: keptBytes,
    sizeCalculation: bytesOf,
  });
  const texts = new WeakMap<OperationDefinitionNode, Shared>();
  const rules = [...specifiedRules, ...ownRules(limits)];
  const read = (text: string): DocumentNode => {
    const before = known.get(text);
    if (before) return before;
    const document = parsed(text);
    const faults = validate(schema, document, rules);
    if (faults.length > 0)
      throw new GraphQLErrors(faults.map((fault) => coded(fault, ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED)));
    known.set(text, document);
    return document;
  };
  return {
    check({ query, operationName, variables, extensions, ...unknown }) {
      if (Buffer.byteLength(query) > limits.documentBytes)
        throw new Fault('TOO_LARGE', `The document is longer than ${limits.documentBytes} bytes.`, { at: 'query' });
      refuseDeep(variables, 'The variables nest', 'variables');
      refuseDeep(extensions, 'The extensions nest', 'extensions');
      // All that is sent becomes JSON again, to see how much it is.
      refuseDeep(unknown, 'The payload nests', 'payload');
      const document = read(query);
      const operation = getOperationAST(document, operationName);
      if (!operation) throw new GraphQLErrors([new GraphQLError('The document has no operation of this name.')]);
      return { document, operation };
    },
    live({ document, operation }, sent) {
      refuseMuch(sent);
      const found = rootField(document, operation.selectionSet.selections);
      const field = found && liveFields.get(found.name.value);
      if (!found || !field) throw new Fault('INVALID', 'A subscription asks for one field.', { at: 'query' });
      const variables = sent.variables ?? {};
      const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
      if (errors) throw new GraphQLErrors(errors);
      const args = getArgumentValues(schema.getSubscriptionType()!.getFields()[field.name]!, found, coerced);
      let shared = texts.get(operation);
      if (!shared) texts.set(operation, (shared = sharedOf(document, operation, found)));
      const { [shared.since ?? '']: _since, ...rest } = variables;
      const asked = digest(shared.text, rest);
      const words = digest(shared.name, Object.fromEntries(shared.told.map((each) => [each, variables[each]])));
      return { document, operation, variables, coerced, field, args, name: shared.name, shared: asked, words };
    },
  };
}

function digest(text: string, variables: Readonly<Record<string, unknown>>): string {
  return hash('sha256', `${text}\n${JSON.stringify(variables)}`, 'base64url');
}

/** What is sent beside the document is kept for as long as the stream, by us and by graphql-ws. Throws TOO_LARGE. */
function refuseMuch(sent: Sent): void {
  if (Buffer.byteLength(JSON.stringify({ ...sent, query: '' })) <= longestBeside) return;
  const detail = `The variables of a subscription are longer than ${longestBeside} bytes.`;
  throw new Fault('TOO_LARGE', detail, { at: 'variables' });
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: mostTokens });
  } catch (error) {
    throw new GraphQLErrors([coded(error as GraphQLError, ApolloServerErrorCode.GRAPHQL_PARSE_FAILED)]);
  }
}

/** With the code that the same fault has over HTTP. */
function coded(fault: GraphQLError, code: string): GraphQLError {
  if (fault.originalError) return fault;
  const { message, nodes, source, positions } = fault;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}

/** Faults of a document or of its variables, as GraphQL words them. */
export class GraphQLErrors extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('The document cannot be executed.');
    this.errors = errors;
  }
}

/** The one field of a subscription; valid documents have no other. */
function rootField(document: DocumentNode, selections: readonly SelectionNode[]): FieldNode | undefined {
  const [selection] = selections;
  if (!selection || selection.kind === Kind.FIELD) return selection;
  if (selection.kind === Kind.INLINE_FRAGMENT) return rootField(document, selection.selectionSet.selections);
  const fragment = document.definitions.find(
    (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
  );
  return fragment && 'selectionSet' in fragment ? rootField(document, fragment.selectionSet.selections) : undefined;
}

interface Shared {
  /** Of the document without the arguments of its root field, which say what is wanted and not how it is told. */
  readonly name: string;
  readonly text: string;
  /** Names of the variables that are used for more than arguments of the root field. */
  readonly told: readonly string[];
  /** Name of the variable that says where to begin. */
  readonly since?: string;
}

/** The document without where it begins: who resumes is told the same as who has just come. */
function sharedOf(document: DocumentNode, operation: OperationDefinitionNode, root: FieldNode): Shared {
  const uses = new Map<string, number>();
  const outside = new Set<string>();
  const Variable = ({ name: { value } }: VariableNode) => void uses.set(value, (uses.get(value) ?? 0) + 1);
  const Field = (node: FieldNode) => (node === root ? { ...node, arguments: [] } : undefined);
  const Anywhere = (node: VariableNode, key: string | number | undefined) => {
    if (key !== 'variable') outside.add(node.name.value);
    Variable(node);
  };
  const bare = `${operation.name?.value ?? ''}\n${print(visit(document, { Variable: Anywhere, Field }))}`;
  const rest = (root.arguments ?? []).filter(({ name }) => name.value !== rootSince);
  for (const argument of rest) visit(argument, { Variable });
  const since = root.arguments?.find(({ name }) => name.value === rootSince)?.value;
  const named = since?.kind === Kind.VARIABLE ? since.name.value : undefined;
  // Defined once, and used for nothing else: the use as `since` is not in what was visited.
  const alone = named !== undefined && uses.get(named) === 1;
  const name = hash('sha256', bare, 'base64url');
  const text = [bare, ...rest.map(print)].join('\n');
  return { name, text, told: [...outside], ...(alone && { since: named }) };
}
