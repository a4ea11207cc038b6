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

/** Tokens are looked up by SHA-256 and compared in constant time; found ones are remembered by their hash. */
export function tokenPrincipals(tokens: readonly Token[], roles: Roles, anonymous?: Principal): IdentifyPrincipal {
  const known = tokens.map(({ name, sha256, roles: named, tenant }) => ({
    hash: Buffer.from(sha256, 'hex'),
    principal: Object.freeze({ name, scope: scopeOf(tenant, permissionsOf(named, roles)) }),
  }));
  const found = new Map<string, Principal>();
  return (_socket, token) => {
    if (token === undefined) return anonymous;
    const hash = tokenHash(token);
    const key = hash.toString('latin1');
    const hit = found.get(key);
    if (hit) return hit;
    let match: Principal | undefined;
    for (const each of known) if (timingSafeEqual(each.hash, hash)) match = each.principal;
    if (match) found.set(key, match);
    return match;
  };
}
