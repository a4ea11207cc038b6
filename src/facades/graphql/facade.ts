import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { RequestHandler } from 'express';
import { printSchema, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation } from '../../operations/operation.js';
import { executing } from './apollo-executor.js';
import { costLimit, dearerThan } from './cost-limit.js';
import { direct } from './direct.js';
import { documentCache } from './document-cache.js';
import type { DocumentLimits } from './document-limits.js';
import { mostTokens, ownRules } from './own-rules.js';
import { formatError } from './errors.js';
import { compiledDocuments, compilePolicy, type CompilePolicy } from './compiled-documents.js';
import { compiledExecution, type Execute } from './execution.js';
import { graphqlOverHttp } from './http.js';
import type { Sent } from './live-documents.js';
import { holding, type Hold } from './open-documents.js';
import { overload } from './overload.js';
import { incomplete, operatorSees, position, streamsElsewhere } from './plugins.js';
import { indexOf, requestOf, type GraphqlRequest } from './request.js';
import { schemaOf } from './schema.js';

export interface GraphqlLimits extends DocumentLimits {
  /** Most that an operation may cost; see `costOf`. */
  readonly cost: number;
  readonly documentBytes: number;
  /** Whether clients may read the schema. */
  readonly introspection: boolean;
}

export interface GraphqlParts {
  readonly gate: Gate;
  readonly view: View;
  readonly operations: readonly Operation[];
  readonly limits: GraphqlLimits;
  /** Largest request body. */
  readonly bodyBytes: number;
  /** When documents are compiled; `compilePolicy` when absent. */
  readonly compile?: CompilePolicy | undefined;
  /** The caller that the edge identified for this request. */
  callerOf(request: IncomingMessage): Caller;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

export interface GraphqlFacade {
  /** To be mounted at `/graphql`. */
  readonly handler: RequestHandler;
  readonly schema: GraphQLSchema;
  readonly execute: Execute;
  readonly hold: Hold;
  /** An operation that is answered once, over whatever it came. */
  once(sent: Sent, caller: Caller): Promise<ExecutionResult>;
  readonly sdl: string;
  stop(): Promise<void>;
}

/** GraphQL over the operations: Apollo Server behind Express. */
export async function graphqlFacade(parts: GraphqlParts): Promise<GraphqlFacade> {
  const { gate, view, callerOf, unforeseen, limits, bodyBytes, compile = compilePolicy } = parts;
  const operations = indexOf(parts.operations);
  const schema = schemaOf(parts.operations);
  const compiled = compiledDocuments(schema, compile);
  const execute = compiledExecution(schema, compile, compiled);
  const documents = documentCache();
  const dearer = dearerThan(limits.cost, view, schema);
  const server = new ApolloServer<GraphqlRequest>({
    ...executing(schema, execute),
    // `ownRules` say whether it may be read.
    introspection: true,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: mostTokens },
    validationRules: ownRules(limits),
    documentStore: documents.store,
    formatError,
    plugins: [
      ...withoutTelephone,
      streamsElsewhere,
      costLimit(limits.cost, dearer),
      position,
      incomplete,
      overload,
      operatorSees(unforeseen),
    ],
  });
  await server.start();
  const requestFor = (request: IncomingMessage) => requestOf({ gate, view, operations }, callerOf(request));
  return {
    handler: graphqlOverHttp({
      server,
      documentBytes: limits.documentBytes,
      bodyBytes,
      direct: direct({ documents, execute, dearer, requestFor }),
      callerOf,
      unforeseen,
    }),
    schema,
    execute,
    hold: holding(compiled, compile.keptBytes),
    once: (sent, caller) => onceOf(server, sent, requestOf({ gate, view, operations }, caller)),
    sdl: printSchema(schema),
    stop: () => server.stop(),
  };
}

async function onceOf(
  server: ApolloServer<GraphqlRequest>,
  { query, operationName, variables }: Sent,
  contextValue: GraphqlRequest,
): Promise<ExecutionResult> {
  const request = { query, variables: { ...variables }, ...(operationName == null ? {} : { operationName }) };
  const { body } = await server.executeOperation(request, { contextValue });
  if (body.kind !== 'single') throw new Error('An answer in parts was asked for by nobody.');
  // What Apollo has formatted is what is sent.
  return body.singleResult as ExecutionResult;
}

/** Apollo turns these on by itself when it finds its environment variables. */
const withoutTelephone = [
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];
