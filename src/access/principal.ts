import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Scope } from '#schema/scope.js';
import { tokenHash } from '../platform/secrets.js';
import { permissionsOf, type Roles } from './policy.js';

/** Who calls. Everything it may see or do is in its scope. */
export interface Principal {
  readonly name: string;
  readonly scope: Scope;
}

/** A bearer token of the configuration: only its hash is known. */
export interface Token {
  readonly name: string;
  /** Hex. */
  readonly sha256: string;
  readonly roles: readonly string[];
  readonly tenant?: string;
}

/**
 * The caller of a request from its socket (client certificates come here) and bearer token; undefined when the token is
 * unknown or missing.
 */
export type IdentifyPrincipal = (socket: Socket, token: string | undefined) => Principal | undefined;

export function scopeOf(tenant: string | undefined, permissions: ReadonlySet<string>): Scope {
  const hash = createHash('sha256')
    .update(JSON.stringify([...permissions].sort()))
    .digest('base64url')
    .slice(0, 12);
  return Object.freeze({ tenant, permissions, key: `${tenant === undefined ? '*' : `t:${tenant}`}|${hash}` });
}

/** Who was found on a connection, and the hash of the token that told so. */
interface Found {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/**
 * Tokens are known and remembered by their SHA-256 alone, and compared in constant time. A connection that sends the same token
 * again is remembered, so that it is compared with one token only, however many there are.
 */
export function tokenPrincipals(tokens: readonly Token[], roles: Roles, anonymous?: Principal): IdentifyPrincipal {
  const known = tokens.map(({ name, sha256, roles: named, tenant }) => ({
    hash: Buffer.from(sha256, 'hex'),
    principal: Object.freeze({ name, scope: scopeOf(tenant, permissionsOf(named, roles)) }),
  }));
  const found = new WeakMap<Socket, Found>();
  return (socket, token) => {
    if (token === undefined) return anonymous;
    const hash = tokenHash(token);
    const before = found.get(socket);
    if (before && timingSafeEqual(before.hash, hash)) return before.principal;
    const match = known.filter((each) => timingSafeEqual(each.hash, hash)).at(-1)?.principal;
    if (match) found.set(socket, { hash, principal: match });
    return match;
  };
}
