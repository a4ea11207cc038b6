import type { Fault } from '#schema/errors.js';
import type { Scope } from '#schema/scope.js';

/** What one of those who share a limit may have of it. */
export interface Shares {
  readonly principal: number;
  /** Of all principals of a tenant together. */
  readonly tenant: number;
}

/** Unless they are set: a quarter for a principal, and half for a tenant, which never has less than one of its principals may. */
export function sharesOf(all: number, principal = Math.ceil(all / 4), tenant?: number): Shares {
  return { principal, tenant: tenant ?? Math.max(principal, Math.ceil(all / 2)) };
}

/** So many of one principal, so many of a tenant, so many in all. */
export interface Bounds extends Shares {
  readonly all: number;
}

/** Who has a place. */
export interface Holder {
  readonly name: string;
  readonly scope: Pick<Scope, 'tenant'>;
}

/** What principals have of something that is bounded; who has no tenant is counted alone. */
export class Places {
  readonly #most: Bounds;
  readonly #ofPrincipals = new Map<string, number>();
  readonly #ofTenants = new Map<string, number>();
  #taken = 0;

  constructor(most: Bounds) {
    this.#most = most;
  }

  /** Throws the refusal, and has taken none, where a bound stands against it. */
  take({ name, scope: { tenant } }: Holder, refusal: (full: keyof Bounds, most: Bounds) => Fault): void {
    const most = this.#most;
    if (this.#taken >= most.all) throw refusal('all', most);
    if ((this.#ofPrincipals.get(name) ?? 0) >= most.principal) throw refusal('principal', most);
    if (tenant !== undefined && (this.#ofTenants.get(tenant) ?? 0) >= most.tenant) throw refusal('tenant', most);
    count(this.#ofPrincipals, name, 1);
    if (tenant !== undefined) count(this.#ofTenants, tenant, 1);
    this.#taken += 1;
  }

  leave({ name, scope: { tenant } }: Holder): void {
    count(this.#ofPrincipals, name, -1);
    if (tenant !== undefined) count(this.#ofTenants, tenant, -1);
    this.#taken -= 1;
  }
}

/** Keeps nothing of who has none. */
function count(of: Map<string, number>, who: string, more: number): void {
  const now = (of.get(who) ?? 0) + more;
  if (now > 0) of.set(who, now);
  else of.delete(who);
}
