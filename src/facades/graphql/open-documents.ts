import { Fault } from '#schema/errors.js';
import { sharesOf } from '../../platform/shares.js';
import type { Principal } from '../../access/principal.js';
import { Parts } from '../live/parts.js';
import { mostFields } from './compilable-document.js';
import type { CompiledDocuments } from './compiled-documents.js';
import type { LiveDocument } from './live-documents.js';

/**
 * Keeps what is compiled of a document for as long as a subscription is open; answers how to let it go. Throws RATE_LIMITED when
 * there is no room for it beside those that are open, and INVALID when it is too large to be compiled: to interpret a document
 * for each event is slow for everybody.
 */
export type Hold = (principal: Principal, document: LiveDocument) => () => void;

/** A principal has a quarter of the bytes, and a tenant half. */
export function holding(documents: CompiledDocuments, bytes: number): Hold {
  const shares = sharesOf(bytes);
  const [ofAll, ofPrincipals, ofTenants] = [new Parts(), new Parts(), new Parts()];
  return ({ name, scope: { tenant } }, { document, operation, coerced, name: called }) => {
    const kept = documents.keep({ document, operation, variables: coerced }, called);
    if (!kept) throw new Fault('INVALID', tooLarge, { at: 'query' });
    const bounds = [
      [ofPrincipals, name, shares.principal],
      ...(tenant === undefined ? [] : [[ofTenants, tenant, shares.tenant] as const]),
      [ofAll, '', bytes],
    ] as const;
    if (bounds.some(([parts, who, most]) => parts.wouldPass(most, who, kept.key, kept.bytes))) {
      kept.letGo();
      throw new Fault('RATE_LIMITED', noRoom, { retryAfter: 30 });
    }
    for (const [parts, who] of bounds) parts.join(who, kept.key, kept.bytes);
    return () => {
      for (const [parts, who] of bounds) parts.leave(who, kept.key);
      kept.letGo();
    };
  };
}

const tooLarge =
  `The subscription has more than ${mostFields} fields, those of fragments counted wherever they are spread; ` +
  'ask for fewer, or for the rest in a subscription of its own.';
const noRoom =
  'There is no room for one more document beside those of the subscriptions that are open. End some, ask for fewer fields, or ' +
  'ask with the same document and other variables or arguments of its field: these share their room.';
