import type { ApolloServerPlugin } from '@apollo/server';
import Negotiator from 'negotiator';
import type { GraphQLError } from 'graphql';
import type { Fault } from '#schema/errors.js';
import { statusOf } from '../rest/problem.js';
import { faultOf } from './errors.js';
import type { GraphqlRequest } from './request.js';

const modern = 'application/graphql-response+json';

/**
 * Tells by status, too, that all of a document failed because too much is asked: as REST does. Only in the media type of
 * GraphQL over HTTP: with `application/json` a well-formed document is answered 200, whatever came of it.
 */
export const overload: ApolloServerPlugin<GraphqlRequest> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ request, response: { body, http }, errors = [] }) {
        const accept = request.http?.headers.get('accept') ?? 'application/json';
        const type = new Negotiator({ headers: { accept } }).mediaType(['application/json', modern]);
        if (type !== modern || body.kind !== 'single' || !failed(body.singleResult.data)) return Promise.resolve();
        const faults = refusals(errors);
        if (!faults) return Promise.resolve();
        http.status = Math.max(...faults.map(({ code }) => statusOf[code]));
        http.headers.set('retry-after', String(Math.max(...faults.map(({ detail }) => detail.retryAfter ?? 1))));
        return Promise.resolve();
      },
    }),
};

function failed(data: unknown): boolean {
  return typeof data !== 'object' || data === null || Object.values(data).every((value) => value === null);
}

/** The faults behind the errors, if each of them asks to come again later. */
function refusals(errors: readonly GraphQLError[]): readonly Fault[] | undefined {
  const faults = errors.flatMap((error) => faultOf(error) ?? []);
  const all =
    faults.length === errors.length && faults.every(({ code }) => code === 'RATE_LIMITED' || code === 'UNAVAILABLE');
  return all && faults.length > 0 ? faults : undefined;
}
