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

/** Who was found on a connection, and by which token. */
interface Found {
  readonly token: string;
  readonly principal: Principal;
}

/**
 * Tokens are looked up by SHA-256 and compared in constant time. A connection that sends the same token again is remembered,
 * because the hash is the dearest part of a small answer (measured: 1.8 of 24 µs); its tokens are compared with its own only.
 */
export function tokenPrincipals(tokens: readonly Token[], roles: Roles, anonymous?: Principal): IdentifyPrincipal {
  const known = tokens.map(({ name, sha256, roles: named, tenant }) => ({
    hash: Buffer.from(sha256, 'hex'),
    principal: Object.freeze({ name, scope: scopeOf(tenant, permissionsOf(named, roles)) }),
  }));
  const found = new WeakMap<Socket, Found>();
  return (socket, token) => {
    if (token === undefined) return anonymous;
    const before = found.get(socket);
    if (before?.token === token) return before.principal;
    const hash = tokenHash(token);
    const match = known.filter((each) => timingSafeEqual(each.hash, hash)).at(-1)?.principal;
    if (match) found.set(socket, { token, principal: match });
    return match;
  };
}
