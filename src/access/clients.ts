import { scopeOf, tokenPrincipals, type IdentifyPrincipal, type Principal, type Token } from './principal.js';
import { loadRoles, type Roles } from './policy.js';

/** Who may call, as the configuration lists it. */
export interface Listed {
  readonly tokens: readonly Token[];
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** Who may call at present. */
export interface Clients {
  readonly identify: IdentifyPrincipal;
  /** From now on these, and nobody else. Throws, and changes nothing, when a role names a permission that nobody knows. */
  replace(listed: Listed): void;
}

/** @param open whether callers without a token may do everything, as long as no token is listed */
export function clients(permissions: ReadonlySet<string>, listed: Listed, open: boolean): Clients {
  const anonymous: Principal = { name: 'anonymous', scope: scopeOf(undefined, permissions) };
  const identifying = ({ tokens, roles }: Listed): IdentifyPrincipal => {
    const loaded: Roles = loadRoles(permissions, roles);
    return tokenPrincipals(tokens, loaded, open && tokens.length === 0 ? anonymous : undefined);
  };
  let current = identifying(listed);
  return {
    identify: (socket, authorization) => current(socket, authorization),
    replace(next) {
      current = identifying(next);
    },
  };
}
