import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { getOperationAST, OperationTypeNode, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import Negotiator from 'negotiator';
import { formatPosition } from '#schema/position.js';
import { positionHeader } from '../answer-headers.js';
import type { Dearer } from './cost-limit.js';
import type { DocumentCache } from './document-cache.js';
import type { Execute } from './execution.js';
import { incompleteIn } from './incomplete.js';
import { repeatedAnswers } from './repeated-answers.js';
import type { GraphqlRequest } from './request.js';

export interface DirectParts {
  readonly documents: DocumentCache;
  readonly execute: Execute;
  readonly dearer: Dearer;
  requestFor(request: Request): GraphqlRequest;
}

/** Requests that Apollo need not look at, and what became of those that it has to look at after all. */
export interface Direct {
  readonly handler: RequestHandler;
  /** What Apollo executes a request with: its answer may be known already. */
  requestFor(request: Request): GraphqlRequest;
}

/**
 * Answers queries whose document Apollo has seen before, as Apollo would. Whatever is out of the ordinary is left to Apollo: other
 * methods, unknown members, what costs too much, and answers with errors, which it spells.
 */
export function direct({ documents, execute, dearer, requestFor }: DirectParts): Direct {
  const begun = new WeakMap<Request, GraphqlRequest>();
  const repeated = repeatedAnswers();

  async function answer(query: Query, type: string, request: Request, response: Response, next: NextFunction) {
    const context = requestFor(request);
    const known = repeated.find(query, context);
    if (known !== undefined) return send(response, type, context, known);
    if (dearer(query, context)) return next();
    const result = await execute({ ...query, context });
    if (result.errors) {
      begun.set(request, { ...context, executed: result });
      return next();
    }
    const incomplete = incompleteIn(context);
    const text = `${JSON.stringify(incomplete ? { data: result.data, extensions: { incomplete } } : result)}\n`;
    repeated.keep(query, context, text);
    send(response, type, context, text);
  }

  return {
    handler(request, response, next) {
      const query = queryIn(request, documents);
      const type = query && mediaTypeFor(request.headers.accept);
      if (!query || type === undefined) return next();
      answer(query, type, request, response, next).catch(next);
    },
    requestFor: (request) => begun.get(request) ?? requestFor(request),
  };
}

function send(response: Response, type: string, { began }: GraphqlRequest, text: string): void {
  response.setHeader('Content-Type', type);
  response.setHeader(positionHeader, formatPosition(began));
  response.end(text);
}

/** A query of a request, as far as it is sound. */
export interface Query {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

const members: ReadonlySet<string> = new Set(['query', 'operationName', 'variables']);

function queryIn({ method, body }: Request, documents: DocumentCache): Query | undefined {
  if (method !== 'POST' || !isRecord(body)) return undefined;
  const { query: text, operationName = null, variables = null } = body;
  if (typeof text !== 'string' || !Object.keys(body).every((member) => members.has(member))) return undefined;
  if (operationName !== null && typeof operationName !== 'string') return undefined;
  if (variables !== null && !isRecord(variables)) return undefined;
  const document = documents.find(text);
  const operation = document && getOperationAST(document, operationName);
  if (!operation || operation.operation !== OperationTypeNode.QUERY) return undefined;
  return { document, operation, operationName: operationName ?? undefined, variables: variables ?? {} };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const json = 'application/json; charset=utf-8';
/** As Apollo has them. */
const mediaTypes = [
  json,
  'application/graphql-response+json; charset=utf-8',
  'application/json; callbackSpec=1.0; charset=utf-8',
];

function mediaTypeFor(accept: string | undefined): string | undefined {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return json;
  return new Negotiator({ headers: { accept } }).mediaType(mediaTypes);
}
