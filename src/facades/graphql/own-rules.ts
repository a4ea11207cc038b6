import type { ValidationRule } from 'graphql';
import { certainRoot } from './certain-root.js';
import { documentLimits, type DocumentLimits } from './document-limits.js';

/** Validation compares fields in pairs: a document of this many tokens takes it some 30 ms at worst. */
export const mostTokens = 1000;

/** What a document must keep to beside the rules that graphql-js has: the same over HTTP and WebSocket. */
export function ownRules(limits: DocumentLimits): ValidationRule[] {
  return [documentLimits(limits), certainRoot];
}
