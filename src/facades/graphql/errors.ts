import { ApolloServerErrorCode } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Fault, internal, invalid, type Code } from '#schema/errors.js';

/**
 * `extensions.code` of each code.
 * @internal
 */
export const graphqlCodeOf = {
  INVALID: 'BAD_USER_INPUT',
  UNPROCESSABLE: 'UNPROCESSABLE',
  TOO_LARGE: 'TOO_LARGE',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  GONE: 'GONE',
  CONFLICT: 'CONFLICT',
  PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  QUOTA_EXCEEDED: 'QUOTA_EXCEEDED',
  RATE_LIMITED: 'RATE_LIMITED',
  UNSUPPORTED: 'UNSUPPORTED',
  BACKEND_FAILED: 'BACKEND_FAILED',
  BACKEND_UNAVAILABLE: 'BACKEND_UNAVAILABLE',
  BACKEND_TIMEOUT: 'BACKEND_TIMEOUT',
  UNAVAILABLE: 'UNAVAILABLE',
  CANCELLED: 'CANCELLED',
  INTERNAL: 'INTERNAL',
} as const satisfies Record<Code, string>;

/** The fault behind an error; undefined when GraphQL itself refuses the document, which says so in its own words. */
export function faultOf(error: unknown): Fault | undefined {
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (cause instanceof Fault) return cause;
  if (error instanceof GraphQLError && error.extensions['code'] !== undefined) return undefined;
  // Thrown by no resolver: GraphQL gave up counting what is wrong with the variables.
  if (error instanceof GraphQLError && !error.originalError) return invalid(error.message, 'variables');
  return internal(cause);
}

/** What nobody foresaw; what the gate calls INTERNAL it has shown to the operator itself. */
export function unforeseenIn(errors: readonly GraphQLError[]): readonly unknown[] {
  return errors
    .filter((error) => !(error.originalError instanceof Fault) && faultOf(error)?.code === 'INTERNAL')
    .map((error) => error.originalError ?? error);
}

/** A fault as an entry of `errors`. */
export function formattedError({ code, message, detail }: Fault): GraphQLFormattedError {
  return { message, extensions: { code: graphqlCodeOf[code], ...detail } };
}

/** GraphQL's guesses at what was meant tell the schema to those who may not read it. */
const guess = / ?Did you mean .+\?$/;

/** An error as it is answered: where in the document it was stays, what nobody foresaw is withheld. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const fault = faultOf(error);
  if (fault) return { ...formatted, ...formattedError(fault) };
  return { ...formatted, message: formatted.message.replace(guess, ''), extensions: ofOurs(formatted.extensions) };
}

/** Apollo's code for a request that is no request of GraphQL; ours for the same is told by every other refusal. */
function ofOurs(extensions: GraphQLFormattedError['extensions']): GraphQLFormattedError['extensions'] {
  const ours = extensions?.['code'] === ApolloServerErrorCode.BAD_REQUEST;
  return ours ? { ...extensions, code: graphqlCodeOf.INVALID } : extensions;
}
