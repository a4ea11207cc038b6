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

/** Whether they are one, who may see and do the same. */
export function samePrincipal(one: Principal, other: Principal): boolean {
  return one.name === other.name && one.scope.key === other.scope.key;
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

interface KnownToken {
  readonly hash: Buffer;
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly ends: number;
}

/** Header texts that are known; more of them than there are tokens only where somebody writes `bearer` in many ways. */
const mostKnown = 1024;

/**
 * Tokens are known by their SHA-256 alone, and compared in constant time, which takes 1.4 us. A header that was valid is known
 * again by its text: what a map compares first is a hash of all of it, seeded by V8 for each process, so that how long a look
 * takes tells nothing of how nearly right a guess is.
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
  const byHeader = new Map<string, KnownToken>();
  return (_socket, authorization) => {
    if (authorization === undefined) return anonymous;
    const before = byHeader.get(authorization);
    if (before) return unlessEnded(before);
    const hash = tokenHash(bearerOf(authorization));
    const match = all.filter((each) => timingSafeEqual(each.hash, hash)).at(-1);
    if (!match) return undefined;
    if (byHeader.size >= mostKnown) byHeader.clear();
    byHeader.set(authorization, match);
    return unlessEnded(match);
  };
}

function unlessEnded({ principal, ends }: KnownToken): Principal | undefined {
  return ends === Infinity || Date.now() < ends ? principal : undefined;
}

function bearerOf(authorization: string): string {
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : '';
}
