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
import { printSchema, type DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation } from '../../operations/operation.js';
import { documentLimits, type DocumentLimits } from './document-limits.js';
import { formatError } from './errors.js';
import { graphqlOverHttp } from './http.js';
import { overload } from './overload.js';
import { costLimit, incomplete, operatorSees } from './plugins.js';
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
  /** The caller that the edge identified for this request. */
  callerOf(request: IncomingMessage): Caller;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

export interface GraphqlFacade {
  /** To be mounted at `/graphql`. */
  readonly handler: RequestHandler;
  readonly sdl: string;
  stop(): Promise<void>;
}

/** Validation compares fields in pairs: a document of this many tokens takes it some 30 ms at worst. */
const mostTokens = 1000;

/** Of memory for documents that are kept parsed and validated; a parsed document takes some 170 bytes a character. */
const documentCacheBytes = 32 * 1024 * 1024;
const perCharacter = 170;

/** GraphQL over the operations: Apollo Server behind Express. */
export async function graphqlFacade(parts: GraphqlParts): Promise<GraphqlFacade> {
  const { gate, view, callerOf, unforeseen, limits, bodyBytes } = parts;
  const operations = indexOf(parts.operations);
  const schema = schemaOf(parts.operations);
  const server = new ApolloServer<GraphqlRequest>({
    schema,
    introspection: limits.introspection,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: mostTokens },
    validationRules: [documentLimits(limits)],
    documentStore: documentCache(),
    formatError,
    plugins: [...withoutTelephone, costLimit(limits.cost, view), incomplete, overload, operatorSees(unforeseen)],
  });
  await server.start();
  const requestFor = (request: IncomingMessage) => requestOf({ gate, view, operations }, callerOf(request));
  return {
    handler: graphqlOverHttp({
      server,
      documentBytes: limits.documentBytes,
      bodyBytes,
      requestFor,
      callerOf,
      unforeseen,
    }),
    sdl: printSchema(schema),
    stop: () => server.stop(),
  };
}

/** Apollo turns these on by itself when it finds its environment variables. */
const withoutTelephone = [
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];

function documentCache() {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: documentCacheBytes,
    sizeCalculation: (document) => document.loc!.end * perCharacter + 1024,
  });
  return {
    get: (key: string) => Promise.resolve(documents.get(key)),
    set: (key: string, document: DocumentNode) => Promise.resolve(void documents.set(key, document)),
    delete: (key: string) => Promise.resolve(documents.delete(key)),
  };
}
