import type { Scope } from '#schema/scope.js';

/** A role is a set of permissions (`<object>:<verb>`); `*` stands for all there are and is expanded when roles are loaded. */
export type Roles = ReadonlyMap<string, ReadonlySet<string>>;

/** Of metrics, which tell of every tenant and of no object. */
export const metricsPermission = 'metrics:read';

/** Of the audit, which tells who did what: for those who are asked to look. */
export const auditPermission = 'audit:read';

const notForEveryReader: ReadonlySet<string> = new Set([metricsPermission, auditPermission]);

const builtIns: Readonly<Record<string, (permission: string) => boolean>> = {
  reader: (permission) => permission.endsWith(':read') && !notForEveryReader.has(permission),
  operator: (permission) =>
    /:(read|create|update|scale|delete)$/.test(permission) && !notForEveryReader.has(permission),
  /** Sees how deployment managers are reached. */
  deployer: (permission) => permission === 'deploymentManagers:read' || permission === 'deploymentManagers:credentials',
  /** What collects metrics. */
  monitor: (permission) => permission === metricsPermission,
  /** Reads who wanted to change what. */
  auditor: (permission) => permission === auditPermission,
  admin: () => true,
};

/** The built-in roles and those of the configuration, over the permissions that exist. Throws on a permission nobody knows. */
export function loadRoles(
  permissions: ReadonlySet<string>,
  configured: Readonly<Record<string, readonly string[]>>,
): Roles {
  const roles = new Map<string, ReadonlySet<string>>();
  for (const [name, holds] of Object.entries(builtIns)) roles.set(name, new Set([...permissions].filter(holds)));
  for (const [name, listed] of Object.entries(configured)) {
    const unknown = listed.filter((permission) => permission !== '*' && !permissions.has(permission));
    if (unknown.length > 0)
      throw new Error(
        `Role '${name}' names unknown permissions: ${unknown.join(', ')}. Known: ${[...permissions].sort().join(', ')}.`,
      );
    roles.set(name, listed.includes('*') ? new Set(permissions) : new Set(listed));
  }
  return roles;
}

/** What several roles permit together. An unknown role permits nothing. */
export function permissionsOf(names: readonly string[], roles: Roles): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [...(roles.get(name) ?? [])]));
}

/** Whether a scope may read metrics: those of a tenant may not, whatever its roles are. */
export function mayReadMetrics({ tenant, permissions }: Scope): boolean {
  return tenant === undefined && permissions.has(metricsPermission);
}

/** Names of the roles that exist without configuration. */
export const builtInRoles: readonly string[] = Object.keys(builtIns);
