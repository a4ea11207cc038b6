/**
 * What a principal may see and do. It travels with every call from the gate to the view, the loaders, the store and the
 * ports of the backends; no input can change it.
 */
export interface Scope {
  /** `undefined` sees every tenant (system roles); a name sees that tenant's objects and the shared ones (`tenant: null`). */
  readonly tenant: string | undefined;
  readonly permissions: ReadonlySet<string>;
  /** Tenant and hash of the effective permissions: the part every cache key carries. */
  readonly key: string;
}

/** Tenant of what a caller without a tenant owns: system roles see it, tenants do not. */
export const systemTenant = '$system';

/** The tenant that the owner of an object is; undefined for system roles and for what is shared. */
export function tenantOf(owner: string | null): string | undefined {
  return owner === null || owner === systemTenant ? undefined : owner;
}

/** Whether an object of `tenant` is visible in `scope`. */
export function sees(scope: Pick<Scope, 'tenant'>, tenant: string | null): boolean {
  return scope.tenant === undefined || tenant === null || tenant === scope.tenant;
}
