import { getNamedType, GraphQLError, isIntrospectionType, type ValidationRule } from 'graphql';
import { certainRoot } from './certain-root.js';
import { documentLimits, type DocumentLimits } from './document-limits.js';

/** Validation compares fields in pairs: a document of this many tokens takes it some 30 ms at worst. */
export const mostTokens = 1000;

interface Limits extends DocumentLimits {
  /** Whether the schema may be read. */
  readonly introspection: boolean;
}

/** What a document must keep to beside the rules that graphql-js has: the same over HTTP and WebSocket. */
export function ownRules(limits: Limits): ValidationRule[] {
  return [documentLimits(limits), certainRoot, ...(limits.introspection ? [] : [noIntrospection])];
}

const noIntrospection: ValidationRule = (context) => ({
  Field(node) {
    const type = getNamedType(context.getType());
    if (!type || !isIntrospectionType(type)) return;
    const message = `'${node.name.value}' cannot be asked here: introspection is off (limits.graphql.introspection).`;
    context.reportError(new GraphQLError(message, { nodes: [node] }));
    // Once is enough.
    return false;
  },
});
