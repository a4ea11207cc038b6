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
