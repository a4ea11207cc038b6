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
  /** ISO 8601; from then on it is unknown. */
  readonly expires?: string;
}

/**
 * The caller of a request from its socket (client certificates come here) and `Authorization` header; undefined when the token
 * in it is unknown or missing.
 */
export type IdentifyPrincipal = (socket: Socket, authorization: string | undefined) => Principal | undefined;

export function scopeOf(tenant: string | undefined, permissions: ReadonlySet<string>): Scope {
  const hash = createHash('sha256')
    .update(JSON.stringify([...permissions].sort()))
    .digest('base64url')
    .slice(0, 12);
  return Object.freeze({ tenant, permissions, key: `${tenant === undefined ? '*' : `t:${tenant}`}|${hash}` });
}

/** Who was found on a connection, and the header that told so. */
interface Found {
  readonly authorization: string;
  readonly known: KnownToken;
}

interface KnownToken {
  readonly hash: Buffer;
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly ends: number;
}

/**
 * Tokens are known by their SHA-256 alone, and compared in constant time. A connection that sends the same header again (as
 * nearly every request does) is known by its text, without a hash, which takes 1.4 us. It is kept as long as the connection.
 */
export function tokenPrincipals(tokens: readonly Token[], roles: Roles, anonymous?: Principal): IdentifyPrincipal {
  const all = tokens.map(({ name, sha256, roles: named, tenant, expires }): KnownToken => {
    const principal = Object.freeze({ name, scope: scopeOf(tenant, permissionsOf(named, roles)) });
    return {
      hash: Buffer.from(sha256, 'hex'),
      principal,
      ends: expires === undefined ? Infinity : Date.parse(expires),
    };
  });
  const found = new WeakMap<Socket, Found>();
  return (socket, authorization) => {
    if (authorization === undefined) return anonymous;
    const before = found.get(socket);
    if (before && sameText(before.authorization, authorization)) return unlessEnded(before.known);
    const hash = tokenHash(bearerOf(authorization));
    const match = all.filter((each) => timingSafeEqual(each.hash, hash)).at(-1);
    if (match) found.set(socket, { authorization, known: match });
    return match && unlessEnded(match);
  };
}

function unlessEnded({ principal, ends }: KnownToken): Principal | undefined {
  return ends === Infinity || Date.now() < ends ? principal : undefined;
}

function bearerOf(authorization: string): string {
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : '';
}

/** Takes as long for any text of the length: behind a proxy many clients share a connection, and one may guess at another's. */
function sameText(known: string, sent: string): boolean {
  if (known.length !== sent.length) return false;
  let difference = 0;
  for (let index = 0; index < known.length; index += 1) difference |= known.charCodeAt(index) ^ sent.charCodeAt(index);
  return difference === 0;
}
